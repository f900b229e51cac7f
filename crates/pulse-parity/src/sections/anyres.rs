//! Sizes, grids and token counts of the tile plan.

use pulse_llm::MergeType;
use pulse_vision::{PixelSize, TileConvention, TilePlan};
use serde::Deserialize;

use crate::check::Check;
use crate::golden::{Golden, GoldenError, fixture};
use crate::models::Models;

#[derive(Deserialize)]
struct Sizes {
    patch: u32,
    grid_pinpoints_units: Vec<[u32; 2]>,
    rows: Vec<[u32; 13]>,
}

pub(super) fn run(golden: &Golden, _: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    const FILE: &str = "anyres_sizes.json";
    let sizes: Sizes = golden.json(FILE)?;
    let malformed = |reason: &str| fixture(&golden.path(FILE), reason);
    if sizes.patch == 0 {
        return Err(malformed("patch is 0"));
    }
    let mut check = Check::exact("canvas, grid, size, patches, token counts");
    for row in &sizes.rows {
        let (side, picture) = (row[0], PixelSize::new(row[1], row[2]));
        let pinpoints: Vec<PixelSize> = sizes
            .grid_pinpoints_units
            .iter()
            .map(|[columns, rows]| {
                let (width, height) = (columns.checked_mul(side)?, rows.checked_mul(side)?);
                Some(PixelSize::new(width, height))
            })
            .collect::<Option<_>>()
            .ok_or_else(|| malformed("grid_pinpoints_units times the side is no 32-bit size"))?;
        let case = format!("{picture} at {side}");
        let plan = TilePlan::new(picture, &pinpoints, side, TileConvention::Llava);
        let ours = plan.ok().map(|plan| {
            let patches = (side / sizes.patch) as usize;
            let kept = plan.unpadded(patches);
            let (canvas, resized, grid) = (plan.canvas(), plan.resized(), plan.grid());
            let count = |merge| plan.visual_token_count(merge, patches) as u32;
            [
                side,
                picture.width,
                picture.height,
                canvas.width,
                canvas.height,
                grid.columns,
                grid.rows,
                resized.width,
                resized.height,
                kept.columns as u32,
                kept.rows as u32,
                count(MergeType::Flat),
                count(MergeType::SpatialUnpad),
            ]
        });
        check.equal(&case, &ours, &Some(*row));
    }
    Ok(vec![check])
}
