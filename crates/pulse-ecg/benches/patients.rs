//! Time of one synthetic patient: 10 s, 12 leads, 500 Hz, plan included.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use pulse_ecg::measure::measure;
use pulse_ecg::patients::PatientPlan;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn patient(c: &mut Criterion) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    c.bench_function("synthetic patient, 10 s at 500 Hz", |b| {
        b.iter(|| {
            let plan = PatientPlan::draw(&mut rng);
            black_box(plan.synthesize(&mut rng))
        });
    });
    let plan = PatientPlan::draw(&mut rng);
    if let Ok(ecg) = plan.synthesize(&mut rng) {
        c.bench_function("measure, 10 s at 500 Hz", |b| {
            b.iter(|| black_box(measure(&ecg.recording)))
        });
    }
}

criterion_group!(benches, patient);
criterion_main!(benches);
