//! How does the specimen watch sources where the kit has none? Not at all.

use anyloop::Capabilities;

use super::Specimen;

/// Nothing.
#[derive(Default)]
pub(super) struct Sources;

impl Specimen {
    pub(super) const fn offer_sources(&self, _: &mut Capabilities<'_>) {}

    pub(super) const fn collect_sources(&self) {}

    pub(super) const fn any_source_ready(&self) -> bool {
        false
    }

    pub(super) const fn drop_sources(&self) {}
}
