//! Keys and values of the positions already seen.
//!
//! Memory for the whole capacity is taken once; a step writes its positions in place and never
//! copies the rest.

use burn::tensor::{DType, Device, Int, Tensor};

/// The cache of one batch of sequences, all layers.
#[derive(Debug)]
pub struct KvCache {
    /// Per layer keys and values, `[batch, key_value_heads, capacity, head_dim]` each.
    layers: Vec<Option<(Tensor<4>, Tensor<4>)>>,
    length: usize,
    capacity: usize,
    dtype: DType,
}

impl KvCache {
    /// Zero-filled memory for `capacity` positions in `dtype`; what is written is rounded to it.
    pub fn new(
        layers: usize,
        batch: usize,
        key_value_heads: usize,
        capacity: usize,
        head_dim: usize,
        dtype: DType,
        device: &Device,
    ) -> Self {
        let memory = || {
            Tensor::<4>::zeros(
                [batch, key_value_heads, capacity, head_dim],
                (device, dtype),
            )
        };
        Self {
            layers: (0..layers).map(|_| Some((memory(), memory()))).collect(),
            length: 0,
            capacity,
            dtype,
        }
    }

    /// Positions filled.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether no position is filled.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Positions there is memory for.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Writes keys and values `[batch, key_value_heads, n, head_dim]` of one layer behind the
    /// filled positions and returns the layer's whole memory. The length grows once per step, with
    /// [`advance`](Self::advance), after all layers have written.
    ///
    /// # Panics
    /// Panics when the capacity is exceeded; callers budget the context before they start.
    pub(super) fn write(
        &mut self,
        layer: usize,
        keys: Tensor<4>,
        values: Tensor<4>,
    ) -> (Tensor<4>, Tensor<4>) {
        let [batch, heads, count, dim] = keys.dims();
        let (keys, values) = (self.stored(keys), self.stored(values));
        let place = [0..batch, 0..heads, self.length..self.length + count, 0..dim];
        // Taken out, so that the tensors have one owner and are written in place.
        let written = match self.layers[layer].take() {
            Some((old_keys, old_values)) => (
                old_keys.slice_assign(place.clone(), keys),
                old_values.slice_assign(place, values),
            ),
            None => (keys, values),
        };
        self.layers[layer] = Some(written.clone());
        written
    }

    /// The same values in the type of the cache.
    fn stored(&self, values: Tensor<4>) -> Tensor<4> {
        if values.dtype() == self.dtype {
            values
        } else {
            values.cast(self.dtype)
        }
    }

    /// Counts `positions` more as filled.
    pub(super) fn advance(&mut self, positions: usize) {
        self.length += positions;
    }

    /// Forgets everything behind the first `length` positions; longer lengths change nothing.
    pub fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Makes room for `capacity` positions, keeping what is filled.
    pub fn reserve(&mut self, capacity: usize) {
        if capacity <= self.capacity {
            return;
        }
        let length = self.length;
        self.map(|memory| {
            let [batch, heads, _, dim] = memory.dims();
            let filled = [0..batch, 0..heads, 0..length, 0..dim];
            let options = (&memory.device(), memory.dtype());
            Tensor::zeros([batch, heads, capacity, dim], options)
                .slice_assign(filled.clone(), memory.slice(filled))
        });
        self.capacity = capacity;
    }

    /// Replaces row `i` of the batch by row `rows[i]`; the batch takes the length of `rows`.
    pub fn select_rows(&mut self, rows: &[usize]) {
        self.map(|memory| {
            let rows: Vec<i64> = rows.iter().map(|row| *row as i64).collect();
            let rows = Tensor::<1, Int>::from_data(rows.as_slice(), &memory.device());
            memory.select(0, rows)
        });
    }

    fn map(&mut self, change: impl Fn(Tensor<4>) -> Tensor<4>) {
        for layer in &mut self.layers {
            *layer = layer
                .take()
                .map(|(keys, values)| (change(keys), change(values)));
        }
    }
}
