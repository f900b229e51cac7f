//! Weights in rows of which the product takes the columns: `x · W` instead of `x · Wᵀ`.

use super::{PanelSource, PanelWeight};
use crate::Level;

/// `[inputs, outputs]` of the product, row-major: a panel is a piece of each row, widened.
#[derive(Clone, Copy)]
pub(crate) struct StoredColumns<'a, W> {
    values: &'a [W],
    inputs: usize,
    outputs: usize,
}

impl<'a, W: PanelWeight> StoredColumns<'a, W> {
    /// # Panics
    /// Panics if the values are not `inputs · outputs`.
    pub(crate) fn new(values: &'a [W], [inputs, outputs]: [usize; 2]) -> Self {
        assert_eq!(values.len(), inputs * outputs);
        Self {
            values,
            inputs,
            outputs,
        }
    }
}

impl<W: PanelWeight> PanelSource for StoredColumns<'_, W> {
    fn outputs(&self) -> usize {
        self.outputs
    }

    fn inputs(&self) -> usize {
        self.inputs
    }

    fn widen(
        &self,
        _: Level,
        [output, input]: [usize; 2],
        inputs: usize,
        panel: &mut [f32],
        width: usize,
    ) {
        let count = width.min(self.outputs - output);
        let rows = self.values[input * self.outputs..].chunks_exact(self.outputs);
        for (out, row) in panel.chunks_exact_mut(width).zip(rows).take(inputs) {
            for (out, weight) in out.iter_mut().zip(&row[output..output + count]) {
                *out = weight.widen();
            }
        }
    }
}
