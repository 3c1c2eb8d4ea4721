//! What is a measurement: topics have cases, cases have subjects, and a subject gives numbers.

/// What is measured, in a few cases.
pub(crate) struct Topic {
    pub(crate) name: &'static str,
    /// What one operation is.
    pub(crate) about: &'static str,
    pub(crate) cases: Vec<Case>,
}

/// One workload, and everybody who does it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// The first is the one that the subjects are compared by.
    pub(crate) metrics: &'static [Metric],
    /// Operations in one sample.
    pub(crate) length: u64,
    /// Operations in one sample of `--quick`, which leaves it out if there are none.
    pub(crate) quick: u64,
    /// How many CPUs it is about.
    pub(crate) cpus: usize,
    pub(crate) subjects: Vec<Subject>,
}

impl Case {
    /// The subject of that name.
    pub(crate) fn subject(&self, name: &str) -> Option<&Subject> {
        self.subjects.iter().find(|subject| subject.name == name)
    }
}

/// What a number means. Less is better.
#[derive(Clone, Copy)]
pub(crate) struct Metric {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
}

pub(crate) const fn metric(name: &'static str, unit: &'static str) -> Metric {
    Metric { name, unit }
}

/// CPU time first: compilers next door disturb it less than the time on the wall.
pub(crate) const CPU_FIRST: &[Metric] = &[metric("cpu", "ns"), metric("wall", "ns")];
/// For what is mostly waiting.
pub(crate) const WALL_FIRST: &[Metric] = &[metric("wall", "ns"), metric("cpu", "ns")];

/// Whose figures these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// The loop under test.
    Anyloop,
    /// The same work by hand, without a loop's generality.
    Limit,
    /// Another loop.
    Peer,
}

type Measure = Box<dyn Fn(&Order) -> Sample>;

/// Somebody who does a case's work.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Which of anyloop's it is compared with.
    pub(crate) against: &'static str,
    /// So many times fewer operations are enough, and any more would take too long.
    pub(crate) slower: u64,
    /// The work, or why it cannot be done.
    pub(crate) measure: Result<Measure, &'static str>,
    /// Says what the work takes that is not there. It is asked once, before all rounds.
    pub(crate) lacks: fn() -> Option<&'static str>,
    /// Whether it is known to go wrong now and then: that is shown, and nobody is to mend it here.
    pub(crate) flawed: bool,
}

impl Subject {
    fn new(name: &'static str, kind: Kind, measure: impl Fn(&Order) -> Sample + 'static) -> Self {
        Self {
            name,
            kind,
            against: "anyloop",
            slower: 1,
            measure: Ok(Box::new(measure)),
            lacks: || None,
            flawed: false,
        }
    }

    pub(crate) fn anyloop(measure: impl Fn(&Order) -> Sample + 'static) -> Self {
        Self::ours("anyloop", measure)
    }

    /// One of several of anyloop's.
    pub(crate) fn ours(name: &'static str, measure: impl Fn(&Order) -> Sample + 'static) -> Self {
        Self::new(name, Kind::Anyloop, measure)
    }

    pub(crate) fn limit(name: &'static str, measure: impl Fn(&Order) -> Sample + 'static) -> Self {
        Self::new(name, Kind::Limit, measure)
    }

    pub(crate) fn peer(name: &'static str, measure: impl Fn(&Order) -> Sample + 'static) -> Self {
        Self::new(name, Kind::Peer, measure)
    }

    /// One that would belong here, and why it is missing.
    pub(crate) fn missing(name: &'static str, kind: Kind, why: &'static str) -> Self {
        Self { name, kind, against: "anyloop", slower: 1, measure: Err(why), lacks: || None, flawed: false }
    }

    pub(crate) fn against(mut self, ours: &'static str) -> Self {
        self.against = ours;
        self
    }

    pub(crate) fn unless(mut self, lacks: fn() -> Option<&'static str>) -> Self {
        self.lacks = lacks;
        self
    }

    pub(crate) fn flawed(mut self) -> Self {
        self.flawed = true;
        self
    }

    /// Why it cannot be measured here.
    pub(crate) fn trouble(&self) -> Option<&'static str> {
        self.measure.as_ref().err().copied().or_else(self.lacks)
    }

    pub(crate) fn slower(mut self, times: u64) -> Self {
        self.slower = times;
        self
    }
}

/// How much to do, and where.
#[derive(Clone, Copy)]
pub(crate) struct Order {
    /// Operations.
    pub(crate) length: u64,
    /// The CPU of the main thread, and that of the other one: the same, if the case is about one.
    pub(crate) cpus: [usize; 2],
}

/// The numbers of one run, by the names of their metrics.
pub(crate) struct Sample(pub(crate) Vec<(&'static str, f64)>);
