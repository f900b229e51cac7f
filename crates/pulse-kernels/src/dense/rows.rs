//! Weights in rows as a checkpoint stores them: f32, bf16 and f16.

use half::{bf16, f16};

use super::PanelSource;
use crate::Level;
use crate::dot::StoredWeight;

/// A stored weight of which sixteen rows are turned into sixteen columns at once.
pub(crate) trait PanelWeight: StoredWeight {
    /// Sixteen rows into sixteen columns.
    ///
    /// # Safety
    /// The processor must have AVX-512 F and F16C; each row must have `inputs` values; `panel` must
    /// hold `[inputs, width]` from its first column on.
    #[cfg(target_arch = "x86_64")]
    unsafe fn widen_16(rows: [&[Self]; 16], inputs: usize, panel: &mut [f32], width: usize);
}

impl PanelWeight for f32 {
    #[cfg(target_arch = "x86_64")]
    unsafe fn widen_16(rows: [&[Self]; 16], inputs: usize, panel: &mut [f32], width: usize) {
        // SAFETY: the caller's promise.
        unsafe { x86::turn_16(rows, inputs, panel, width) }
    }
}

impl PanelWeight for bf16 {
    #[cfg(target_arch = "x86_64")]
    unsafe fn widen_16(rows: [&[Self]; 16], inputs: usize, panel: &mut [f32], width: usize) {
        // SAFETY: the caller's promise.
        unsafe { x86::widen_16(rows, inputs, panel, width) }
    }
}

impl PanelWeight for f16 {
    #[cfg(target_arch = "x86_64")]
    unsafe fn widen_16(rows: [&[Self]; 16], inputs: usize, panel: &mut [f32], width: usize) {
        // SAFETY: the caller's promise.
        unsafe { x86::widen_16(rows, inputs, panel, width) }
    }
}

/// `[outputs, inputs]`, row-major.
#[derive(Clone, Copy)]
pub(crate) struct StoredRows<'a, W> {
    /// The weights.
    values: &'a [W],
    outputs: usize,
    inputs: usize,
}

impl<'a, W: PanelWeight> StoredRows<'a, W> {
    /// # Panics
    /// Panics if the values are not `outputs · inputs`.
    pub(crate) fn new(values: &'a [W], [outputs, inputs]: [usize; 2]) -> Self {
        assert_eq!(values.len(), outputs * inputs);
        Self {
            values,
            outputs,
            inputs,
        }
    }
}

impl<W: PanelWeight> PanelSource for StoredRows<'_, W> {
    fn outputs(&self) -> usize {
        self.outputs
    }

    fn inputs(&self) -> usize {
        self.inputs
    }

    fn widen(
        &self,
        level: Level,
        [output, input]: [usize; 2],
        inputs: usize,
        panel: &mut [f32],
        width: usize,
    ) {
        let count = width.min(self.outputs - output);
        let row = |place: usize| &self.values[(output + place) * self.inputs + input..][..inputs];
        // Columns that go sixteen at a time.
        let turned = if level >= Level::Avx512 {
            level.require();
            count / 16 * 16
        } else {
            0
        };
        #[cfg(target_arch = "x86_64")]
        for first in (0..turned).step_by(16) {
            let rows = std::array::from_fn(|lane| row(first + lane));
            // SAFETY: the instructions are there (see `turned`); rows have `inputs` values and
            // the panel has `[inputs, width]` with these sixteen columns.
            unsafe { W::widen_16(rows, inputs, &mut panel[first..], width) };
        }
        for place in turned..count {
            for (k, weight) in row(place).iter().enumerate() {
                panel[k * width + place] = weight.widen();
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::super::avx512::transpose;
    use crate::dot::HalfWeight;

    /// Sixteen rows of f32 weights into sixteen columns.
    ///
    /// # Safety
    /// As [`PanelWeight::widen_16`](super::PanelWeight::widen_16).
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn turn_16(
        rows: [&[f32]; 16],
        inputs: usize,
        panel: &mut [f32],
        width: usize,
    ) {
        debug_assert!(rows.iter().all(|row| row.len() >= inputs));
        debug_assert!(panel.len() >= (inputs.max(1) - 1) * width + 16);
        let whole = inputs / 16 * 16;
        for k in (0..whole).step_by(16) {
            // SAFETY: the caller's promise; reads end at `whole`, writes at its row of the panel.
            unsafe {
                let words = rows.map(|row| _mm512_loadu_si512(row.as_ptr().add(k).cast()));
                for (place, column) in transpose(words).into_iter().enumerate() {
                    let to = panel.as_mut_ptr().add((k + place) * width);
                    _mm512_storeu_ps(to, _mm512_castsi512_ps(column));
                }
            }
        }
        for k in whole..inputs {
            for (lane, row) in rows.iter().enumerate() {
                panel[k * width + lane] = row[k];
            }
        }
    }

    /// Sixteen rows of 16-bit weights into sixteen columns.
    ///
    /// # Safety
    /// The processor must have AVX-512 F; weights must have two bytes; each row must have `inputs`
    /// values; `panel` must hold `[inputs, width]` from its first column on.
    #[target_feature(enable = "avx512f,f16c")]
    pub(super) unsafe fn widen_16<W: HalfWeight>(
        rows: [&[W]; 16],
        inputs: usize,
        panel: &mut [f32],
        width: usize,
    ) {
        debug_assert!(size_of::<W>() == 2 && rows.iter().all(|row| row.len() >= inputs));
        debug_assert!(panel.len() >= (inputs.max(1) - 1) * width + 16);
        let whole = inputs / 32 * 32;
        for k in (0..whole).step_by(32) {
            // SAFETY: the caller's promise; reads end at `whole`, writes at its row of the panel.
            unsafe {
                let words = rows.map(|row| _mm512_loadu_si512(row.as_ptr().add(k).cast()));
                for (pair, word) in transpose(words).into_iter().enumerate() {
                    let [first, second] = W::widen_pairs(word);
                    let place = panel.as_mut_ptr().add((k + 2 * pair) * width);
                    _mm512_storeu_ps(place, first);
                    _mm512_storeu_ps(place.add(width), second);
                }
            }
        }
        for k in whole..inputs {
            for (lane, row) in rows.iter().enumerate() {
                panel[k * width + lane] = row[k].widen();
            }
        }
    }
}
