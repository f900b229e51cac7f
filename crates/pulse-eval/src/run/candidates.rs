//! Which answers are weighed for a question, and what their likelihoods say about its labels.
//!
//! **Letters**: each letter as the beginning of an answer, so that "C" and "C. Atrial flutter" are one. **Labels
//! and options**: the answer is a set, so the candidates are sets, each written as the benchmark writes it (names
//! in their order, joined by a comma) and ended; all sets up to the largest size for which there are at most
//! [`MOST_CANDIDATES`]. A label's probability is the share of the candidates' probability that lies on sets with
//! the label in it.

use std::collections::BTreeMap;

use pulse_llm::{Candidate, Likelihood};

use crate::strict::options_as_listed;
use crate::task::{Task, TaskKind};

/// Most sets that are weighed for one question, unless the single labels alone are more.
pub(super) const MOST_CANDIDATES: usize = 64;
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
            let letters: Vec<String> = ('A'..='Z').take(options).map(String::from).collect();
            Some(LabelCandidates {
                candidates: letters
                    .iter()
                    .map(|letter| Candidate {
                        text: letter.clone(),
                        is_whole: false,
                    })
                    .collect(),
                members: (0..options).map(|at| 1 << at).collect(),
                labels: letters,
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
        likelihoods: &[Likelihood],
        weight: impl Fn(&Likelihood) -> f64,
    ) -> BTreeMap<String, f64> {
        let weights: Vec<f64> = likelihoods.iter().map(weight).collect();
        let largest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let shares: Vec<f64> = weights.iter().map(|one| (one - largest).exp()).collect();
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
    pub fn mass(&self, likelihoods: &[Likelihood]) -> f64 {
        let sum: f64 = likelihoods.iter().map(|one| one.log_likelihood.exp()).sum();
        sum.min(1.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn texts(candidates: &LabelCandidates) -> Vec<&str> {
        candidates
            .candidates()
            .iter()
            .map(|one| one.text.as_str())
            .collect()
    }

    fn likelihood(probability: f64, tokens: usize) -> Likelihood {
        Likelihood {
            log_likelihood: probability.ln(),
            tokens,
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
        let found = [likelihood(0.2, 1), likelihood(0.1, 1), likelihood(0.1, 3)];
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
        let tiny = [-4000.0, -4000.0, -9000.0].map(|log_likelihood| Likelihood {
            log_likelihood,
            tokens: 9,
        });
        assert_eq!(two.probabilities(&tiny, |one| one.log_likelihood)["a"], 0.5);
    }

    #[test]
    fn letters_share_one() {
        let four = label_candidates(Task::MmmuEcg, "").unwrap();
        assert!(four.candidates().iter().all(|one| !one.is_whole));
        let found = [0.1, 0.3, 0.05, 0.05].map(|p| likelihood(p, 1));
        let letters = four.probabilities(&found, |one| one.log_likelihood);
        assert!((letters["B"] - 0.6).abs() < 1e-12);
        assert!((letters.values().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
