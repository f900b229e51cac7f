//! Which answers are weighed for a question, and what their likelihoods say about its labels.
//!
//! **Letters**: each letter as the beginning of an answer, so that "C" and "C. Atrial flutter" are one, alone and
//! with each mark that may follow it, because a tokenizer may have letter and mark as one token; a beginning that
//! contains another one is not counted again. **Labels
//! and options**: the answer is a set, so the candidates are sets, each written as the benchmark writes it (names
//! in their order, joined by a comma) and ended; all sets up to the largest size for which there are at most
//! [`MOST_CANDIDATES`]. A label's probability is the share of the candidates' probability that lies on sets with
//! the label in it.

use std::collections::BTreeMap;

use pulse_llm::{Candidate, Likelihood, ScoredAnswer};

use crate::strict::options_as_listed;
use crate::task::{Task, TaskKind};

/// Most sets that are weighed for one question, unless the single labels alone are more.
pub(super) const MOST_CANDIDATES: usize = 64;
/// What may follow a letter; nothing first.
const MARKS: [&str; 5] = ["", ".", ")", ":", ","];
/// Labels or options that a question can have; more are not weighed.
const MOST_LABELS: usize = 62;

/// The answers to weigh for one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelCandidates {
    candidates: Vec<Candidate>,
    /// For each candidate the labels in it, as bits.
    members: Vec<u64>,
    labels: Vec<String>,
}

/// The candidates for a question of a task; `None` for tasks that are answered freely and questions without
/// options.
pub fn label_candidates(task: Task, question: &str) -> Option<LabelCandidates> {
    match task.kind() {
        TaskKind::Letter { options } => {
            let labels: Vec<String> = ('A'..='Z').take(options).map(String::from).collect();
            let begun = |letter: &String, mark: &&str| Candidate {
                text: format!("{letter}{mark}"),
                is_whole: false,
            };
            let (mut candidates, mut members) = (Vec::new(), Vec::new());
            for (at, letter) in labels.iter().enumerate() {
                candidates.extend(MARKS.iter().map(|mark| begun(letter, mark)));
                members.extend(MARKS.iter().map(|_| 1 << at));
            }
            Some(LabelCandidates {
                candidates,
                members,
                labels,
            })
        }
        TaskKind::Labels(labels) => {
            let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
            Some(LabelCandidates::sets(&labels, labels.clone()))
        }
        TaskKind::Options => {
            let listed = options_as_listed(question);
            let is_usable = !listed.is_empty() && listed.len() <= MOST_LABELS;
            // Read answers are compared in lower case, and so are the names of probabilities.
            let labels = listed.iter().map(|option| option.to_lowercase()).collect();
            is_usable.then(|| LabelCandidates::sets(&listed, labels))
        }
        TaskKind::Report | TaskKind::Arena => None,
    }
}

impl LabelCandidates {
    /// Sets of `names`, the smaller first.
    fn sets(names: &[String], labels: Vec<String>) -> Self {
        let mut members: Vec<u64> = Vec::new();
        let mut level = vec![0u64];
        for _ in 0..names.len() {
            // Each set of a size from those one smaller, by adding a name behind its last.
            let next: Vec<u64> = level
                .iter()
                .flat_map(|set| {
                    let first = 64 - set.leading_zeros() as usize;
                    (first..names.len()).map(move |at| set | 1 << at)
                })
                .collect();
            if !members.is_empty() && members.len() + next.len() > MOST_CANDIDATES {
                break;
            }
            members.extend(&next);
            level = next;
        }
        let text = |set: &u64| -> String {
            let chosen = (0..names.len()).filter(|at| set >> at & 1 == 1);
            let chosen: Vec<&str> = chosen.map(|at| names[at].as_str()).collect();
            chosen.join(", ")
        };
        Self {
            candidates: members
                .iter()
                .map(|set| Candidate {
                    text: text(set),
                    is_whole: true,
                })
                .collect(),
            members,
            labels,
        }
    }

    /// The answers to weigh.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// Each label's probability: the share of the candidates' weights on sets with it, where a candidate weighs
    /// `exp(weight)`. With [`Likelihood::log_likelihood`] it follows from the model's probabilities; with
    /// [`Likelihood::per_token`] long answers are not at a disadvantage, but nothing is a probability of the
    /// model any more.
    pub fn probabilities(
        &self,
        found: &ScoredAnswer,
        weight: impl Fn(&Likelihood) -> f64,
    ) -> BTreeMap<String, f64> {
        let weights: Vec<f64> = found.likelihoods.iter().map(weight).collect();
        let largest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let shares: Vec<f64> = weights
            .iter()
            .zip(self.counted(found))
            .map(|(one, counts)| if counts { (one - largest).exp() } else { 0.0 })
            .collect();
        let total: f64 = shares.iter().sum();
        let of = |label: usize| -> f64 {
            let with = self.members.iter().zip(&shares);
            let sum: f64 = with
                .filter(|(set, _)| *set >> label & 1 == 1)
                .map(|(_, share)| share)
                .sum();
            // Sums in another order may differ in the last bit.
            (sum / total).clamp(0.0, 1.0)
        };
        self.labels
            .iter()
            .enumerate()
            .map(|(at, label)| (label.clone(), of(at)))
            .collect()
    }

    /// The share of the model's probability that lies on the candidates: near 1, the model answers in one of
    /// these forms; near 0, the probabilities describe answers that it would hardly give.
    pub fn mass(&self, found: &ScoredAnswer) -> f64 {
        let counted = found.likelihoods.iter().zip(self.counted(found));
        let sum: f64 = counted
            .filter(|(_, counts)| *counts)
            .map(|(one, _)| one.log_likelihood.exp())
            .sum();
        sum.min(1.0)
    }

    /// Which candidates count: a beginning of an answer that goes on from another one is part of it.
    fn counted(&self, found: &ScoredAnswer) -> Vec<bool> {
        let ids = &found.candidate_ids;
        let goes_on = |at: usize| {
            let others = ids.iter().zip(&self.candidates).enumerate();
            let mut shorter = others.filter(|(other, (begun, candidate))| {
                // Of two that are the same to the tokenizer, the first counts.
                let is_before = begun.len() < ids[at].len() || *other < at;
                *other != at && is_before && !candidate.is_whole && ids[at].starts_with(begun)
            });
            shorter.next().is_some()
        };
        (0..self.candidates.len()).map(|at| !goes_on(at)).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use pulse_llm::{
        Answer, DeviceName, FinishReason, MergeType, Provenance, Sampling, Timings, Usage,
    };

    use super::*;

    fn texts(candidates: &LabelCandidates) -> Vec<&str> {
        candidates
            .candidates()
            .iter()
            .map(|one| one.text.as_str())
            .collect()
    }

    /// Likelihoods of candidates with these ids.
    fn scored(found: &[(f64, &[u32])]) -> ScoredAnswer {
        let likelihood = |(log_likelihood, ids): &(f64, &[u32])| Likelihood {
            log_likelihood: *log_likelihood,
            tokens: ids.len(),
        };
        ScoredAnswer {
            answer: Answer {
                text: String::new(),
                token_ids: Vec::new(),
                finish_reason: FinishReason::Stop,
                usage: Usage::default(),
                timings: Timings::default(),
                provenance: Provenance {
                    model: String::new(),
                    weights_digest: String::new(),
                    layout: String::new(),
                    merge: MergeType::Flat,
                    tile_grid: Vec::new(),
                    template: String::new(),
                    sampling: Sampling {
                        temperature: 0.0,
                        top_k: 0,
                        top_p: None,
                        num_beams: 1,
                        max_new_tokens: 1,
                    },
                    seed: 0,
                    dtype: String::new(),
                    cache_dtype: String::new(),
                    device: DeviceName::Cpu,
                    notice: None,
                    version: String::new(),
                },
            },
            likelihoods: found.iter().map(likelihood).collect(),
            candidate_ids: found.iter().map(|(_, ids)| ids.to_vec()).collect(),
        }
    }

    #[test]
    fn sets_are_those_that_fit() {
        let ptb = label_candidates(Task::PtbTest, "").unwrap();
        assert_eq!(texts(&ptb).len(), 31);
        assert_eq!(
            texts(&ptb)[..6],
            ["NORM", "MI", "STTC", "CD", "HYP", "NORM, MI"]
        );
        assert_eq!(*texts(&ptb).last().unwrap(), "NORM, MI, STTC, CD, HYP");
        assert_eq!(
            texts(&label_candidates(Task::CpscTest, "").unwrap()).len(),
            45
        );
        assert_eq!(
            texts(&label_candidates(Task::Code15Test, "").unwrap()).len(),
            36
        );
        let many: Vec<String> = (0..40).map(|at| format!("finding {at}")).collect();
        let prompt = format!("q Options: {}", many.join(", "));
        let single = label_candidates(Task::EcgqaTest, &prompt).unwrap();
        assert_eq!(texts(&single).len(), 40);
        let two = label_candidates(Task::EcgqaTest, "q Options: Lead I, None").unwrap();
        assert_eq!(texts(&two), ["Lead I", "None", "Lead I, None"]);
        assert_eq!(two.labels, ["lead i", "none"]);
        assert_eq!(label_candidates(Task::EcgqaTest, "no list"), None);
        assert_eq!(label_candidates(Task::Arena, "q"), None);
    }

    #[test]
    fn labels_take_the_share_of_their_sets() {
        let two = label_candidates(Task::EcgqaTest, "q Options: a, b").unwrap();
        let ln = f64::ln;
        let found = scored(&[(ln(0.2), &[5]), (ln(0.1), &[6]), (ln(0.1), &[5, 7, 6])]);
        let sums = two.probabilities(&found, |one| one.log_likelihood);
        assert!(
            (sums["a"] - 0.75).abs() < 1e-12 && (sums["b"] - 0.5).abs() < 1e-12,
            "{sums:?}"
        );
        assert!((two.mass(&found) - 0.4).abs() < 1e-12);
        let per_token = two.probabilities(&found, Likelihood::per_token);
        let third = 0.1f64.cbrt();
        let expected = (0.2 + third) / (0.3 + third);
        assert!((per_token["a"] - expected).abs() < 1e-12, "{per_token:?}");
        // Far below what an exponential can hold.
        let tiny = scored(&[(-4000.0, &[5, 2]), (-4000.0, &[6, 2]), (-9000.0, &[5, 7])]);
        assert_eq!(two.probabilities(&tiny, |one| one.log_likelihood)["a"], 0.5);
    }

    #[test]
    fn letters_share_one_and_no_beginning_counts_twice() {
        let four = label_candidates(Task::MmmuEcg, "").unwrap();
        assert_eq!(texts(&four)[..6], ["A", "A.", "A)", "A:", "A,", "B"]);
        assert!(four.candidates().iter().all(|one| !one.is_whole));
        // "A." is a token of its own here, while "A)" goes on from "A"; so with the others.
        let ids: Vec<Vec<u32>> = (0..4u32)
            .flat_map(|letter| {
                [
                    vec![letter],
                    vec![10 + letter],
                    vec![letter, 91],
                    vec![letter, 92],
                    vec![letter, 93],
                ]
            })
            .collect();
        let p = |bare: f64, dot: f64| [bare, dot, bare / 2.0, bare / 4.0, bare / 8.0];
        let given = [p(0.1, 0.02), p(0.3, 0.04), p(0.05, 0.0), p(0.05, 0.04)].concat();
        let rows: Vec<(f64, &[u32])> = given
            .iter()
            .map(|one| one.ln())
            .zip(ids.iter().map(Vec::as_slice))
            .collect();
        let found = scored(&rows);
        let letters = four.probabilities(&found, |one| one.log_likelihood);
        assert!((letters["B"] - 0.34 / 0.6).abs() < 1e-12, "{letters:?}");
        assert!((letters.values().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((four.mass(&found) - 0.6).abs() < 1e-12);
    }
}
