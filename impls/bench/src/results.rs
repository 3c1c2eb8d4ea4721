//! What came out: the samples of everybody, and what they boil down to.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::case::{Case, Kind, Subject, Topic};

/// Everything that one call of the program measured.
#[derive(Serialize)]
pub(crate) struct Results {
    pub(crate) compiler: &'static str,
    pub(crate) libuv: Option<String>,
    pub(crate) rounds: u32,
    pub(crate) quick: bool,
    pub(crate) topics: Vec<TopicResults>,
}

#[derive(Serialize)]
pub(crate) struct TopicResults {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// The share of the CPUs that other processes took meanwhile.
    pub(crate) disturbance: f64,
    pub(crate) cases: Vec<CaseResults>,
}

#[derive(Serialize)]
pub(crate) struct CaseResults {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) metrics: Vec<(&'static str, &'static str)>,
    pub(crate) subjects: Vec<SubjectResults>,
}

#[derive(Serialize)]
pub(crate) struct SubjectResults {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Which of anyloop's it is compared with.
    pub(crate) against: &'static str,
    /// Why there are no samples, or fewer than rounds.
    pub(crate) trouble: Option<String>,
    /// Whether it cannot be run here.
    pub(crate) missing: bool,
    /// Whether it was run and did not get through.
    pub(crate) failed: bool,
    /// By metric, in the order of the rounds.
    pub(crate) samples: BTreeMap<String, Vec<f64>>,
    pub(crate) spreads: BTreeMap<String, Spread>,
}

/// A median, and how far the samples are from it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    fn of(samples: &[f64]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let median = (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) / 2.0;
        Some(Self { median, min, max })
    }
}

impl TopicResults {
    pub(crate) fn new(topic: &Topic) -> Self {
        let cases = topic.cases.iter().map(CaseResults::new).collect();
        Self { name: topic.name, about: topic.about, disturbance: 0.0, cases }
    }
}

impl CaseResults {
    fn new(case: &Case) -> Self {
        Self {
            name: case.name,
            about: case.about,
            metrics: case.metrics.iter().map(|metric| (metric.name, metric.unit)).collect(),
            subjects: case.subjects.iter().map(SubjectResults::new).collect(),
        }
    }

    /// The unit of a metric.
    pub(crate) fn unit(&self, metric: &str) -> &'static str {
        self.metrics.iter().find(|(name, _)| *name == metric).map_or("", |(_, unit)| unit)
    }

    /// What the subjects are compared by.
    pub(crate) fn main_metric(&self) -> &'static str {
        self.metrics[0].0
    }

    pub(crate) fn subject(&self, name: &str) -> Option<&SubjectResults> {
        self.subjects.iter().find(|subject| subject.name == name)
    }

    /// Those that were measured by the main metric, the best first.
    pub(crate) fn ranking(&self) -> Vec<(&SubjectResults, Spread)> {
        let spread = |subject: &'_ SubjectResults| subject.spread(self.main_metric());
        let mut ranking: Vec<_> =
            self.subjects.iter().filter_map(|subject| Some((subject, spread(subject)?))).collect();
        ranking.sort_by(|one, other| one.1.median.total_cmp(&other.1.median));
        ranking
    }
}

impl SubjectResults {
    fn new(subject: &Subject) -> Self {
        let trouble = subject.trouble();
        Self {
            name: subject.name,
            kind: subject.kind,
            against: subject.against,
            trouble: trouble.map(str::to_owned),
            missing: trouble.is_some(),
            failed: false,
            samples: BTreeMap::new(),
            spreads: BTreeMap::new(),
        }
    }

    /// Adds what one run printed.
    pub(crate) fn add(&mut self, metric: &str, value: f64) {
        let samples = self.samples.entry(metric.to_owned()).or_default();
        samples.push(value);
        if let Some(spread) = Spread::of(samples) {
            self.spreads.insert(metric.to_owned(), spread);
        }
    }

    pub(crate) fn spread(&self, metric: &str) -> Option<Spread> {
        self.spreads.get(metric).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_the_middle_of_what_was_measured() {
        assert_eq!(Spread::of(&[]), None);
        assert_eq!(Spread::of(&[3.0, 1.0, 7.0]), Some(Spread { median: 3.0, min: 1.0, max: 7.0 }));
        assert_eq!(Spread::of(&[4.0, 2.0]), Some(Spread { median: 3.0, min: 2.0, max: 4.0 }));
    }
}
