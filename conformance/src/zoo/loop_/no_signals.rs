//! How does the specimen hear signals where there are none? Not at all.

use anyloop::Capabilities;

use super::Specimen;

/// What one specimen hears.
#[derive(Default)]
pub(super) struct Ears;

impl Specimen {
    pub(super) const fn offer_signals(&self, _: &mut Capabilities<'_>) {}

    pub(super) const fn has_heard(&self) -> bool {
        false
    }

    pub(super) const fn begin_to_listen(&self) {}

    pub(super) const fn collect_signals(&self) {}

    pub(super) const fn close_ears(&self) {}
}
