//! The electrical model: vectors of activation, the lead field, and the beat of one patient.

mod atria;
mod beat;
mod fit;
mod forces;
mod infarction;
mod injury;
mod lead_field;
mod q_wave;
mod repolarisation;
mod st_t;
mod wave;

pub(super) use atria::Atrium;
pub(super) use beat::Ventricle;
pub(super) use injury::lead_value;
pub(super) use lead_field::{LeadField, Leads};
pub(super) use wave::{Wave, bump};
