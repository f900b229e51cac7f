//! Text in the embedded font, Liberation Sans (SIL Open Font Licence, `fonts/LiberationSans-OFL.txt`).

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, GlyphId, PxScale, ScaleFont, point};

use super::ink::InkLayer;

static FONT: LazyLock<Option<FontRef<'static>>> = LazyLock::new(|| {
    FontRef::try_from_slice(include_bytes!("../../fonts/LiberationSans-Regular.ttf")).ok()
});

/// Writes a line: `x` is its left edge, `y` its baseline, `size` the height of the font's line in pixels.
///
/// Characters that the font lacks, control characters among them, are printed as `?`. The line ends at
/// the edge of the layer. Returns the x after the last character.
pub(crate) fn write_text(layer: &mut InkLayer, text: &str, x: f32, y: f32, size: f32) -> f32 {
    let Some(font) = FONT.as_ref() else {
        return x;
    };
    let font = font.as_scaled(PxScale::from(size));
    let edge = layer.everything().right;
    let mut caret = x;
    let mut before: Option<GlyphId> = None;
    for character in text.chars() {
        let id = glyph(&font, character);
        caret += before.map_or(0.0, |before| font.kern(before, id));
        if caret > edge {
            break;
        }
        let glyph = id.with_scale_and_position(font.scale(), point(caret, y));
        if let Some(outline) = font.outline_glyph(glyph) {
            let bounds = outline.px_bounds();
            let (left, top) = (bounds.min.x as i64, bounds.min.y as i64);
            outline.draw(|column, row, share| {
                layer.cover(left + i64::from(column), top + i64::from(row), share);
            });
        }
        caret += font.h_advance(id);
        before = Some(id);
    }
    caret
}

/// Pixels that a line of text is wide.
pub(crate) fn text_width(text: &str, size: f32) -> f32 {
    let Some(font) = FONT.as_ref() else {
        return 0.0;
    };
    let font = font.as_scaled(PxScale::from(size));
    let mut width = 0.0;
    let mut before: Option<GlyphId> = None;
    for character in text.chars() {
        let id = glyph(&font, character);
        width += before.map_or(0.0, |before| font.kern(before, id)) + font.h_advance(id);
        before = Some(id);
    }
    width
}

/// The character's glyph, or that of `?`.
fn glyph<F: Font>(font: &impl ScaleFont<F>, character: char) -> GlyphId {
    match font.glyph_id(character) {
        GlyphId(0) => font.glyph_id('?'),
        id => id,
    }
}

#[cfg(test)]
mod tests {
    use super::{FONT, text_width, write_text};
    use crate::page::ink::InkLayer;

    #[test]
    fn the_font_is_readable_and_text_has_a_width() {
        assert!(FONT.is_some());
        let mut layer = InkLayer::new(200, 40);
        let end = write_text(&mut layer, "aVR \u{0}\u{4e00}", 3.0, 30.0, 20.0);
        assert!(end > 30.0 && end < 120.0, "{end}");
        assert_eq!(3.0 + text_width("aVR \u{0}\u{4e00}", 20.0), end);
        // A line that is far too long costs no more than the page is wide.
        let end = write_text(&mut layer, &"W".repeat(1 << 20), 3.0, 30.0, 20.0);
        assert!(end < 300.0, "{end}");
    }
}
