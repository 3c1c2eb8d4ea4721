//! How results are written down: for programs, for build servers, and for people.
//!
//! | file | for |
//! | --- | --- |
//! | `results.json` | programs; [`json::SCHEMA`] says what is in it |
//! | `junit.xml` | build servers |
//! | `index.html` | people: rules by implementations, with the evidence behind each cell |
//!
//! All three say the same of each cell, and none of them counts: there is no score.

pub mod html;
pub mod json;
pub mod junit;
