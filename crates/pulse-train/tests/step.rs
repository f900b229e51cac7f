//! One step: what masked batches, accumulation and frozen parts do to the gradients.

#![allow(clippy::unwrap_used)]

mod common;

use burn::tensor::Tensor;
use common::base;
use pulse_data::batch::HostBatch;
use pulse_llm::checkpoint::WeightDtype;
use pulse_llm::{LoadOptions, LoadedModel};
use pulse_train::{
    Accumulation, GradientStore, PassContext, PhaseClock, StepOutcome, TrainableSet, Tune,
    accumulate,
};

struct Setup {
    loaded: LoadedModel,
    context: PassContext,
    set: TrainableSet,
}

fn setup(tune: Tune) -> Setup {
    let options = LoadOptions {
        dtype: Some(WeightDtype::F32),
        ..LoadOptions::default()
    };
    let mut loaded = LoadedModel::load(&base(), &options).unwrap();
    loaded.model = tune.freeze(loaded.model.clone());
    let set = TrainableSet::new(&loaded.model, &loaded.config, tune).unwrap();
    let context = PassContext {
        device: loaded.device.clone(),
        tune,
        max_length: 512,
        vocabulary: loaded.config.decoder.vocab_size,
        recompute: true,
    };
    Setup {
        loaded,
        context,
        set,
    }
}

fn step(setup: &Setup, batches: &[HostBatch], how: Accumulation) -> (StepOutcome, GradientStore) {
    let mut clock = PhaseClock::default();
    let (model, context) = (&setup.loaded.model, &setup.context);
    let given = batches.iter().cloned().map(Ok);
    accumulate(
        model,
        given,
        batches.len(),
        how,
        context,
        &setup.set,
        &mut clock,
    )
    .unwrap()
}

/// Rows of text; ids at odd places are learnt if `learn`.
fn text(rows: &[&[i32]], learn: bool) -> HostBatch {
    let width = rows.iter().map(|row| row.len()).max().unwrap();
    let mut batch = HostBatch {
        rows: rows.len(),
        width,
        ..HostBatch::default()
    };
    for (number, row) in rows.iter().enumerate() {
        let end = (number + 1) * width;
        batch.input_ids.extend(*row);
        let label = |(place, id): (usize, &i32)| if learn && place % 2 == 1 { *id } else { -100 };
        batch.labels.extend(row.iter().enumerate().map(label));
        batch.attention_mask.extend(row.iter().map(|_| true));
        batch.input_ids.resize(end, 0);
        batch.labels.resize(end, -100);
        batch.attention_mask.resize(end, false);
        batch.tile_counts.push(0);
        batch.image_sizes.push(None);
        batch.plans.push(None);
        batch.ids.push(format!("row {number}"));
        batch.indices.push(number);
    }
    batch
}

const A: &[i32] = &[1, 50, 60, 70, 80, 90];
const B: &[i32] = &[1, 200, 210, 220];

fn difference(setup: &Setup, a: &GradientStore, b: &GradientStore, scale: f32) -> f32 {
    let far = |place: &pulse_llm::checkpoint::ParameterPlace| {
        let zeros = || Tensor::<1>::zeros([place.values()], &setup.context.device);
        let of = |store: &GradientStore| store.get(place.id).cloned().unwrap_or_else(zeros);
        (of(a) - of(b).mul_scalar(scale))
            .abs()
            .max()
            .into_scalar::<f32>()
    };
    setup.set.trained().map(far).fold(0.0, f32::max)
}

#[test]
fn a_masked_micro_batch_adds_exactly_nothing_and_halves_the_mean() {
    let setup = setup(Tune::PULSE);
    let (alone, gradients) = step(&setup, &[text(&[A, B], true)], Accumulation::Mean);
    let masked = text(&[A], false);
    let both = [text(&[A, B], true), masked.clone()];
    let (outcome, halved) = step(&setup, &both, Accumulation::Mean);
    assert_eq!(outcome.masked(), 1);
    assert_eq!(outcome.loss, alone.loss / 2.0);
    assert_eq!(outcome.micro[1].loss, 0.0);
    // Halves are exact in f32, up to the underflow of the smallest.
    assert!(difference(&setup, &halved, &gradients, 0.5) < 1e-12);
    // By tokens the masked batch does not count at all.
    let (tokens, same) = step(&setup, &both, Accumulation::Tokens);
    assert!((tokens.loss - alone.loss).abs() < 1e-12);
    assert!(difference(&setup, &same, &gradients, 1.0) < 1e-8);
    // Nothing but masked rows: a loss and gradients of zero, no NaN.
    let (nothing, zeros) = step(&setup, &[masked], Accumulation::Mean);
    assert_eq!((nothing.loss, nothing.gradient_norm), (0.0, 0.0));
    assert_eq!(
        difference(&setup, &zeros, &GradientStore::default(), 0.0),
        0.0
    );
}

#[test]
fn tokens_weighs_micro_batches_as_one_batch_and_mean_does_not() {
    let setup = setup(Tune::PULSE);
    let (whole, gradients) = step(&setup, &[text(&[A, B], true)], Accumulation::Mean);
    let apart = [text(&[A], true), text(&[B], true)];
    let (outcome, same) = step(&setup, &apart, Accumulation::Tokens);
    // Sums over other shapes round otherwise; losses are about 7.
    assert!((outcome.loss - whole.loss).abs() < 1e-5);
    assert!(difference(&setup, &same, &gradients, 1.0) < 1e-5);
    let (outcome, _) = step(&setup, &apart, Accumulation::Mean);
    assert!((outcome.loss - whole.loss).abs() > 1e-4);
}

#[test]
fn rows_of_other_lengths_and_padding_do_not_touch_a_rows_loss() {
    let setup = setup(Tune::PULSE);
    let (alone, _) = step(&setup, &[text(&[B], true)], Accumulation::Mean);
    let mut padded = text(&[B], true);
    padded.width = 9;
    padded.input_ids.resize(9, 0);
    padded.labels.resize(9, -100);
    padded.attention_mask.resize(9, false);
    let (outcome, _) = step(&setup, &[padded], Accumulation::Mean);
    assert_eq!(outcome.loss, alone.loss);
}

#[test]
fn recomputation_changes_no_bit() {
    let mut setup = setup(Tune::PULSE);
    let batch = [text(&[A, B], true)];
    let (outcome, gradients) = step(&setup, &batch, Accumulation::Mean);
    setup.context.recompute = false;
    let (again, kept) = step(&setup, &batch, Accumulation::Mean);
    assert_eq!(outcome.loss, again.loss);
    assert_eq!(difference(&setup, &gradients, &kept, 1.0), 0.0);
}

#[test]
fn only_the_chosen_parts_get_gradients() {
    for tune in [
        Tune {
            encoder: false,
            projector: true,
            decoder: false,
        },
        Tune {
            encoder: false,
            projector: false,
            decoder: true,
        },
        Tune {
            encoder: true,
            projector: true,
            decoder: true,
        },
    ] {
        let setup = setup(tune);
        let (_, gradients) = step(&setup, &[text(&[A, B], true)], Accumulation::Mean);
        for place in setup.set.all() {
            if gradients.get(place.id).is_some() {
                assert!(tune.has(place.part), "{}", place.name);
            }
        }
    }
}
