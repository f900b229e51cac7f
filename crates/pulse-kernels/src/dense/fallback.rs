//! Tiles on every other processor, by the `gemm` crate (which knows NEON).

use gemm::Parallelism;

use super::Activations;
use crate::columns::Stripe;

/// All rows times one panel `[count, panel_width]`.
pub(super) fn run(
    x: Activations<'_>,
    panel: &[f32],
    panel_width: usize,
    stripe: &mut Stripe<'_>,
    is_added: bool,
) {
    let count = panel.len() / panel_width;
    let (rows, width) = (x.rows, stripe.width());
    if rows == 0 || count == 0 || width == 0 {
        return;
    }
    assert!((rows - 1) * x.stride + count <= x.values.len() && width <= panel_width);
    let (out, stride) = (stripe.rows(0, rows, 0), stripe.stride());
    // SAFETY: activations and panel hold what is read by the lines above; the stripe holds the
    // result and is not one of them.
    unsafe {
        gemm::gemm(
            rows,
            width,
            count,
            out,
            1,
            stride as isize,
            is_added,
            x.values.as_ptr(),
            1,
            x.stride as isize,
            panel.as_ptr(),
            1,
            panel_width as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
