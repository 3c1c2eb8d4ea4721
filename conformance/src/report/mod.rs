//! How results are written down for other programs.

pub mod json;
