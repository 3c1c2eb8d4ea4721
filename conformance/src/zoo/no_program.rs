//! What could be wrong with how programs are started where the specimen starts none: nothing.

use super::Disease;
use crate::root::Root;

/// No disease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {}

/// No root crate has none.
pub(super) struct Sick(pub(super) Bug);

impl Root for Sick {}

/// No disease.
pub(super) static DISEASES: &[Disease] = &[];
