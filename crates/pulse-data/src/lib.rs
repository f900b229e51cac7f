//! From data sets to training batches: ECGInstruct, ECGBench, tokens and labels, samplers, lint, synthesis.
//!
//! ```no_run
//! use pulse_data::instruct::{IndexOptions, InstructFile, build_index};
//!
//! let path = "ECGInstruct.json".as_ref();
//! build_index(path, &IndexOptions::default())?; // once: one pass over 1.34 GB
//! let file = InstructFile::open(path, None)?;
//! println!("{:?}", file.sample(file.len() / 2)?);
//! # Ok::<(), pulse_data::instruct::InstructError>(())
//! ```
//!
//! | capability | item |
//! | --- | --- |
//! | conversations in one large JSON array | [`instruct`] |
//! | ECGBench from Parquet or JSON, and between them | [`bench`](mod@bench) |
//! | picture archives to an image folder | [`extract`](mod@extract) |
//! | what is wrong with a data set | [`lint`](mod@lint) |
//! | a set of synthetic patients with a benchmark | [`synthesize`](mod@synthesize) |
//! | conversations to ids and labels, and what is wrong with them | [`labels`] |
//! | the order of samples, sharded and resumable | [`sampler`] |
//! | batches of tiles, ids and labels, made by worker threads | [`batch`] |
//! | the recording behind a picture's path | [`SourceRecord`] |
//! | data sets from the Hub | `pulse_llm::hub::fetch_dataset` |

pub mod batch;
pub mod bench;
pub mod extract;
pub mod instruct;
pub mod labels;
pub mod lint;
pub mod sampler;
pub mod synthesize;
pub mod tokenizer;

mod files;
mod lossy;
mod run_lock;
mod sample;
mod source_record;

pub use sample::{Message, Sample};
pub use source_record::{RecordSource, SourceRecord};
