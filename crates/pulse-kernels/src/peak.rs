//! What the machine can do at most, measured: the limits that products are compared with.

use std::hint::black_box;
use std::time::Instant;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

#[cfg(target_arch = "x86_64")]
use crate::Level;

/// Threads that products are shared out over.
pub fn threads() -> usize {
    rayon::current_num_threads()
}

/// Streams that a thread reads at once: what it takes to keep enough lines of memory on their way.
const STREAMS: usize = 4;

/// The sum of all values, read once by all threads: a plain loop over the widest registers, each thread in
/// four places at once.
pub fn read(values: &[u64]) -> u64 {
    let arch = Arch::new();
    values
        .par_chunks(1 << 19)
        .map(|values| arch.dispatch(Sum { values }))
        .reduce(|| 0, u64::wrapping_add)
}

struct Sum<'a> {
    values: &'a [u64],
}

impl WithSimd for Sum<'_> {
    type Output = u64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> u64 {
        let length = self.values.len() / STREAMS / 32 * 32;
        let (a, rest) = self.values.split_at(length);
        let (b, rest) = rest.split_at(length);
        let (c, rest) = rest.split_at(length);
        let (d, rest) = rest.split_at(length);
        let mut lanes = [0u64; 32];
        let streams = [a, b, c, d].map(|stream| stream.as_chunks::<32>().0);
        let [a, b, c, d] = streams;
        for (((a, b), c), d) in a.iter().zip(b).zip(c).zip(d) {
            for lane in 0..32 {
                let pairs = [a[lane].wrapping_add(b[lane]), c[lane].wrapping_add(d[lane])];
                lanes[lane] = lanes[lane].wrapping_add(pairs[0].wrapping_add(pairs[1]));
            }
        }
        lanes.iter().chain(rest).fold(0, |a, b| a.wrapping_add(*b))
    }
}

/// Additions and multiplications in f32 that all threads do in a second, from registers.
pub fn float_operations_per_second() -> f64 {
    on_all_threads(float_loop)
}

/// The same for products of packed weights: 16-bit integers where the level has them, otherwise f32.
pub fn integer_operations_per_second() -> f64 {
    on_all_threads(integer_loop)
}

/// Runs a loop on every thread at once and adds up operations over the time until the last one is ready.
fn on_all_threads(run: fn() -> f64) -> f64 {
    let start = Instant::now();
    let operations: f64 = rayon::broadcast(|_| run()).iter().sum();
    operations / start.elapsed().as_secs_f64()
}

/// Turns of a loop: some 20 ms.
const TURNS: usize = 1 << 21;

#[cfg(target_arch = "x86_64")]
fn float_loop() -> f64 {
    match Level::detect() {
        // SAFETY: the level says that the instructions exist.
        Level::Avx512 | Level::Avx512Vnni => unsafe { x86::float_512(TURNS) },
        // SAFETY: as above.
        Level::Avx2 => unsafe { x86::float_256(TURNS) },
        _ => portable_loop(),
    }
}

#[cfg(target_arch = "x86_64")]
fn integer_loop() -> f64 {
    match Level::detect() {
        // SAFETY: the level says that the instructions exist.
        Level::Avx512Vnni => unsafe { x86::integer_512(TURNS) },
        _ => float_loop(),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn float_loop() -> f64 {
    portable_loop()
}

#[cfg(not(target_arch = "x86_64"))]
fn integer_loop() -> f64 {
    portable_loop()
}

fn portable_loop() -> f64 {
    let (a, b) = (black_box([0.5f32; 32]), black_box([0.25f32; 32]));
    let mut sums = [0f32; 32];
    for _ in 0..TURNS {
        for lane in 0..32 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    black_box(sums);
    (TURNS * 32 * 2) as f64
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::hint::black_box;

    /// Sums that wait for nothing but the multiply-add units.
    const SUMS: usize = 24;

    /// # Safety
    /// The processor must have AVX-512 F.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn float_512(turns: usize) -> f64 {
        let (a, b) = (
            _mm512_set1_ps(black_box(0.5)),
            _mm512_set1_ps(black_box(0.25)),
        );
        let mut sums = [_mm512_setzero_ps(); SUMS];
        for _ in 0..turns {
            for sum in &mut sums {
                *sum = _mm512_fmadd_ps(a, b, *sum);
            }
        }
        black_box(sums);
        (turns * SUMS * 16 * 2) as f64
    }

    /// # Safety
    /// The processor must have AVX2 and FMA.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn float_256(turns: usize) -> f64 {
        let (a, b) = (
            _mm256_set1_ps(black_box(0.5)),
            _mm256_set1_ps(black_box(0.25)),
        );
        let mut sums = [_mm256_setzero_ps(); 12];
        for _ in 0..turns {
            for sum in &mut sums {
                *sum = _mm256_fmadd_ps(a, b, *sum);
            }
        }
        black_box(sums);
        (turns * 12 * 8 * 2) as f64
    }

    /// # Safety
    /// The processor must have AVX-512 F and VNNI.
    #[target_feature(enable = "avx512f,avx512vnni")]
    pub(super) unsafe fn integer_512(turns: usize) -> f64 {
        let (a, b) = (
            _mm512_set1_epi32(black_box(1)),
            _mm512_set1_epi32(black_box(2)),
        );
        let mut sums = [_mm512_setzero_si512(); SUMS];
        for _ in 0..turns {
            for sum in &mut sums {
                *sum = _mm512_dpwssd_epi32(*sum, a, b);
            }
        }
        black_box(sums);
        (turns * SUMS * 32 * 2) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "hours in an interpreter")]
    fn reading_adds_everything_up_and_rates_are_positive() {
        let values: Vec<u64> = (0..300_001).collect();
        assert_eq!(read(&values), 300_000 * 300_001 / 2);
        for rate in [
            float_operations_per_second(),
            integer_operations_per_second(),
        ] {
            assert!(rate.is_finite() && rate > 1e6, "{rate}");
        }
    }
}
