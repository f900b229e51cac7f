//! How strong each distortion is.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Strength of each distortion: 0 leaves it away, 1 is the worst that a person could still read.
///
/// The seed draws the actual amount between half of the strength and all of it, so that pages of one
/// setting differ.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wear {
    /// Faded ink, uneven over the page.
    pub fading: f32,
    /// Marks of a pen: scribbled words, a circle, underlines.
    pub handwriting: f32,
    /// Wrinkles and fold lines, as light and dark streaks.
    pub creases: f32,
    /// Rotation, up to 8 degrees.
    pub rotation: f32,
    /// Perspective: corners move by up to 8 % of the page.
    pub perspective: f32,
    /// Crop: up to 6 % lost on each side.
    pub crop: f32,
    /// Shadow and uneven light.
    pub shadow: f32,
    /// Warm or cold light.
    pub temperature: f32,
    /// Black-and-white scan.
    pub scan: f32,
    /// Blur of lens and hand.
    pub blur: f32,
    /// Noise of the sensor.
    pub noise: f32,
    /// Artefacts of JPEG compression.
    pub jpeg: f32,
}

/// Wear that can't be understood.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WearError {
    /// A strength outside 0 to 1.
    #[error("the strength of {name} is {found}, expected a number from 0 to 1")]
    Strength {
        /// The distortion.
        name: &'static str,
        /// Its strength.
        found: f32,
    },
    /// A word that is neither a preset nor a distortion with its strength.
    #[error(
        "wear `{found}` is not known, expected none, light, moderate or heavy, or distortions with a strength \
         from 0 to 1 such as `rotation=0.5,noise=0.2`; distortions are {}", Wear::NAMES.join(", ")
    )]
    Unknown {
        /// The word.
        found: String,
    },
    /// The worn page can't be made.
    #[error(transparent)]
    Page(#[from] crate::page::PageError),
}

impl Wear {
    /// Names of the distortions in the order in which they are applied.
    pub const NAMES: [&'static str; 12] = [
        "fading",
        "handwriting",
        "creases",
        "rotation",
        "perspective",
        "crop",
        "shadow",
        "temperature",
        "scan",
        "blur",
        "noise",
        "jpeg",
    ];

    /// No wear.
    pub const fn none() -> Self {
        Self {
            fading: 0.0,
            handwriting: 0.0,
            creases: 0.0,
            rotation: 0.0,
            perspective: 0.0,
            crop: 0.0,
            shadow: 0.0,
            temperature: 0.0,
            scan: 0.0,
            blur: 0.0,
            noise: 0.0,
            jpeg: 0.0,
        }
    }

    /// A good scan: a little turned, a little noisy.
    pub const fn light() -> Self {
        Self {
            fading: 0.15,
            creases: 0.1,
            rotation: 0.12,
            temperature: 0.15,
            shadow: 0.15,
            blur: 0.15,
            noise: 0.15,
            jpeg: 0.2,
            ..Self::none()
        }
    }

    /// An everyday photograph of a handled page.
    pub const fn moderate() -> Self {
        Self {
            fading: 0.35,
            handwriting: 0.4,
            creases: 0.4,
            rotation: 0.35,
            perspective: 0.3,
            crop: 0.2,
            shadow: 0.45,
            temperature: 0.4,
            scan: 0.0,
            blur: 0.3,
            noise: 0.35,
            jpeg: 0.45,
        }
    }

    /// A bad photograph of a crumpled page.
    pub const fn heavy() -> Self {
        Self {
            fading: 0.65,
            handwriting: 0.9,
            creases: 0.9,
            rotation: 0.8,
            perspective: 0.75,
            crop: 0.45,
            shadow: 0.9,
            temperature: 0.8,
            scan: 0.0,
            blur: 0.6,
            noise: 0.7,
            jpeg: 0.8,
        }
    }

    /// Strengths in the order of [`Wear::NAMES`].
    pub const fn strengths(&self) -> [f32; 12] {
        [
            self.fading,
            self.handwriting,
            self.creases,
            self.rotation,
            self.perspective,
            self.crop,
            self.shadow,
            self.temperature,
            self.scan,
            self.blur,
            self.noise,
            self.jpeg,
        ]
    }

    fn strength_mut(&mut self, name: &str) -> Option<&mut f32> {
        Some(match name {
            "fading" => &mut self.fading,
            "handwriting" => &mut self.handwriting,
            "creases" => &mut self.creases,
            "rotation" => &mut self.rotation,
            "perspective" => &mut self.perspective,
            "crop" => &mut self.crop,
            "shadow" => &mut self.shadow,
            "temperature" => &mut self.temperature,
            "scan" => &mut self.scan,
            "blur" => &mut self.blur,
            "noise" => &mut self.noise,
            "jpeg" => &mut self.jpeg,
            _ => return None,
        })
    }

    /// Refuses strengths outside 0 to 1, among them NaN.
    pub fn check(&self) -> Result<(), WearError> {
        for (name, found) in Self::NAMES.into_iter().zip(self.strengths()) {
            if !(0.0..=1.0).contains(&found) {
                return Err(WearError::Strength { name, found });
            }
        }
        Ok(())
    }
}

impl FromStr for Wear {
    type Err = WearError;

    /// A preset, distortions with strengths, or both: `light,shadow=0.8`. Later words win.
    fn from_str(text: &str) -> Result<Self, WearError> {
        let mut wear = Self::none();
        for word in text.split(',').map(str::trim) {
            match word {
                "none" => wear = Self::none(),
                "light" => wear = Self::light(),
                "moderate" => wear = Self::moderate(),
                "heavy" => wear = Self::heavy(),
                _ => {
                    let unknown = || WearError::Unknown {
                        found: word.to_owned(),
                    };
                    let (name, value) = word.split_once('=').ok_or_else(unknown)?;
                    let strength = wear.strength_mut(name).ok_or_else(unknown)?;
                    *strength = value.parse().map_err(|_| unknown())?;
                }
            }
        }
        wear.check()?;
        Ok(wear)
    }
}

#[cfg(test)]
mod tests {
    use super::{Wear, WearError};

    #[test]
    fn presets_and_single_strengths_are_read() {
        let mut expected = Wear::light();
        expected.shadow = 0.75;
        assert_eq!("light,shadow=0.75".parse(), Ok(expected));
        assert_eq!("none".parse(), Ok(Wear::default()));
        for name in Wear::NAMES {
            assert!(format!("{name}=1").parse::<Wear>().is_ok(), "{name}");
        }
    }

    #[test]
    fn what_is_no_strength_is_refused() {
        for text in ["", "dirty", "noise=", "noise=x", "noise", "fog=0.5"] {
            let wear: Result<Wear, _> = text.parse();
            assert!(matches!(wear, Err(WearError::Unknown { .. })), "{text}");
        }
        for text in ["noise=1.01", "noise=-0.1", "noise=NaN", "noise=inf"] {
            let wear: Result<Wear, _> = text.parse();
            assert!(matches!(wear, Err(WearError::Strength { .. })), "{text}");
        }
    }
}
