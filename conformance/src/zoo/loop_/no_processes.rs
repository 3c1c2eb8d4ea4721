//! How does the specimen start programs where the kit cannot steer any? Not at all.

use anyloop::Capabilities;

use super::Specimen;

impl Specimen {
    pub(super) const fn offer_processes(&self, _: &mut Capabilities<'_>) {}
}
