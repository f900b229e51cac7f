//! A batch's rows as the decoder sees them: pictures expanded, cut at the longest sequence, padded.
//!
//! Reference: `prepare_inputs_labels_for_multimodal` of LLaVA. Every position names its source, so
//! that the whole batch is put together by one gather and its gradient by one scatter.

use pulse_data::batch::HostBatch;
use pulse_data::labels::IGNORE_INDEX;
use pulse_llm::text::IMAGE_TOKEN_INDEX;

use crate::error::TrainError;

/// Where every position of a padded batch comes from and what is learnt at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequencePlan {
    /// Number of rows.
    pub rows: usize,
    /// Positions of a row, padding included.
    pub width: usize,
    /// The text ids of all rows.
    pub text_ids: Vec<i64>,
    /// `[rows · width]`: index into the text rows, then the visual tokens, then one row of zeros.
    pub sources: Vec<i64>,
    /// Positions (`row · width + place`) whose next position is learnt.
    pub supervised: Vec<i64>,
    /// The id to be predicted at each of them.
    pub targets: Vec<u32>,
    /// Positions without padding.
    pub positions: usize,
    /// Visual tokens among them.
    pub visual: usize,
}

impl SequencePlan {
    /// Plans a batch whose pictures became `visual` tokens each, in the order of the rows. Rows are
    /// cut at `max_length`; ids must be below `vocabulary`.
    ///
    /// # Errors
    /// [`TrainError::Pictures`] if a row's marks and pictures differ, [`TrainError::TokenId`] for an
    /// id outside of the vocabulary.
    pub fn new(
        batch: &HostBatch,
        visual: &[usize],
        max_length: usize,
        vocabulary: usize,
    ) -> Result<Self, TrainError> {
        let text_total = count_text(batch);
        let visual_total: usize = visual.iter().sum();
        let zero = (text_total + visual_total) as i64;
        let mut rows = Vec::with_capacity(batch.rows);
        let mut text_ids = Vec::with_capacity(text_total);
        let mut pictures = visual.iter().copied();
        let mut next_visual = text_total;
        for row in 0..batch.rows {
            let mut sources = Vec::new();
            let mut labels = Vec::new();
            let mut marks = 0;
            for (id, label) in real_positions(batch, row) {
                if id == IMAGE_TOKEN_INDEX {
                    marks += 1;
                    let has_picture = batch.tile_counts.get(row).is_some_and(|count| *count > 0);
                    // Marks without a picture and pictures without a mark are refused below.
                    let tokens = if has_picture && marks == 1 {
                        pictures.next().ok_or_else(|| TrainError::Pictures {
                            sample: batch.ids[row].clone(),
                            marks,
                            pictures: 0,
                        })?
                    } else {
                        0
                    };
                    sources.extend((next_visual..next_visual + tokens).map(|at| at as i64));
                    labels.extend(std::iter::repeat_n(IGNORE_INDEX, tokens));
                    next_visual += tokens;
                } else {
                    let is_known = usize::try_from(id).is_ok_and(|id| id < vocabulary);
                    let is_learnable = label == IGNORE_INDEX
                        || usize::try_from(label).is_ok_and(|label| label < vocabulary);
                    if !is_known || !is_learnable {
                        return Err(TrainError::TokenId {
                            sample: batch.ids[row].clone(),
                            id: if is_known { label } else { id },
                            vocabulary,
                        });
                    }
                    sources.push(text_ids.len() as i64);
                    text_ids.push(i64::from(id));
                    labels.push(label);
                }
            }
            let expected = usize::from(batch.tile_counts.get(row).is_some_and(|n| *n > 0));
            if marks != expected {
                return Err(TrainError::Pictures {
                    sample: batch.ids[row].clone(),
                    marks,
                    pictures: expected,
                });
            }
            sources.truncate(max_length);
            labels.truncate(max_length);
            rows.push((sources, labels));
        }
        Ok(join(rows, text_ids, text_total as i64..zero))
    }

    /// Whether nothing is learnt from the batch.
    pub fn is_masked(&self) -> bool {
        self.targets.is_empty()
    }
}

fn real_positions(batch: &HostBatch, row: usize) -> impl Iterator<Item = (i32, i32)> {
    let range = row * batch.width..(row + 1) * batch.width;
    let ids = batch.input_ids[range.clone()].iter();
    let labels = batch.labels[range.clone()].iter();
    ids.zip(labels)
        .zip(&batch.attention_mask[range])
        .filter(|(_, is_real)| **is_real)
        .map(|((id, label), _)| (*id, *label))
}

fn count_text(batch: &HostBatch) -> usize {
    let rows = (0..batch.rows).flat_map(|row| real_positions(batch, row));
    rows.filter(|(id, _)| *id != IMAGE_TOKEN_INDEX).count()
}

/// Pads the rows on the right and lists what is learnt.
fn join(
    rows: Vec<(Vec<i64>, Vec<i32>)>,
    text_ids: Vec<i64>,
    visual: std::ops::Range<i64>,
) -> SequencePlan {
    let width = rows.iter().map(|(row, _)| row.len()).max().unwrap_or(0);
    let mut plan = SequencePlan {
        rows: rows.len(),
        width,
        text_ids,
        sources: Vec::with_capacity(rows.len() * width),
        supervised: Vec::new(),
        targets: Vec::new(),
        positions: 0,
        visual: 0,
    };
    for (sources, labels) in rows {
        let start = plan.sources.len();
        plan.positions += sources.len();
        plan.visual += sources.iter().filter(|at| visual.contains(at)).count();
        plan.sources.extend(sources);
        plan.sources.resize(start + width, visual.end);
        // The label of a position is predicted one position before it.
        for (place, label) in labels.iter().enumerate().skip(1) {
            if let Ok(target) = u32::try_from(*label) {
                plan.supervised.push((start + place - 1) as i64);
                plan.targets.push(target);
            }
        }
    }
    plan
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn batch(rows: &[(&[i32], &[i32], usize)]) -> HostBatch {
        let width = rows.iter().map(|(ids, ..)| ids.len()).max().unwrap();
        let mut batch = HostBatch {
            rows: rows.len(),
            width,
            ..HostBatch::default()
        };
        for (number, (ids, labels, tiles)) in rows.iter().enumerate() {
            let end = (number + 1) * width;
            batch.input_ids.extend(*ids);
            batch.labels.extend(*labels);
            batch.attention_mask.extend(ids.iter().map(|_| true));
            batch.input_ids.resize(end, 0);
            batch.labels.resize(end, IGNORE_INDEX);
            batch.attention_mask.resize(end, false);
            batch.tile_counts.push(*tiles);
            batch.ids.push(format!("sample {number}"));
        }
        batch
    }

    const X: i32 = IGNORE_INDEX;

    #[test]
    fn pictures_expand_labels_shift_and_rows_are_padded() {
        let batch = batch(&[(&[1, -200, 5, 6], &[X, X, 5, 6], 2), (&[1, 9], &[X, 9], 0)]);
        let plan = SequencePlan::new(&batch, &[3], 100, 10).unwrap();
        assert_eq!((plan.rows, plan.width), (2, 6));
        assert_eq!(plan.text_ids, [1, 5, 6, 1, 9]);
        // Five text rows, three visual tokens, the zero row is number 8.
        assert_eq!(plan.sources, [0, 5, 6, 7, 1, 2, 3, 4, 8, 8, 8, 8]);
        assert_eq!(plan.supervised, [3, 4, 6]);
        assert_eq!(plan.targets, [5, 6, 9]);
        assert_eq!((plan.positions, plan.visual), (8, 3));
    }

    #[test]
    fn rows_are_cut_behind_the_expansion_and_may_lose_all_labels() {
        let batch = batch(&[(&[1, -200, 5, 6], &[X, X, 5, 6], 2)]);
        let plan = SequencePlan::new(&batch, &[3], 5, 10).unwrap();
        assert_eq!(plan.sources, [0, 3, 4, 5, 1]);
        assert_eq!(plan.targets, [5]);
        assert!(SequencePlan::new(&batch, &[3], 4, 10).unwrap().is_masked());
    }

    #[test]
    fn unknown_ids_and_marks_without_picture_are_errors_that_name_the_sample() {
        let one = batch(&[(&[1, 12], &[X, 12], 0)]);
        let error = SequencePlan::new(&one, &[], 9, 10).unwrap_err().to_string();
        assert!(
            error.contains("sample 0") && error.contains("12"),
            "{error}"
        );
        let two = batch(&[(&[1, -200, 3], &[X, X, 3], 0)]);
        let error = SequencePlan::new(&two, &[], 9, 10).unwrap_err().to_string();
        assert!(
            error.contains("sample 0") && error.contains("1 picture mark"),
            "{error}"
        );
    }
}
