//! The instruction set that the kernels of this crate run on, found once at run time.

/// An instruction set, best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What the compiler makes for what the target guarantees.
    Portable,
    /// NEON, which every AArch64 processor has.
    Neon,
    /// AVX2 with FMA.
    Avx2,
    /// AVX-512 F, BW, VL.
    Avx512,
    /// [`Avx512`](Self::Avx512) with VNNI.
    Avx512Vnni,
}

impl Level {
    /// The best level of this machine. The detection macros cache their answer.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            let has_avx2 = has!("avx2") && has!("fma") && has!("f16c");
            if has_avx2 && has!("avx512f") && has!("avx512bw") && has!("avx512vl") {
                return if has!("avx512vnni") {
                    Self::Avx512Vnni
                } else {
                    Self::Avx512
                };
            }
            if has_avx2 {
                return Self::Avx2;
            }
        }
        if cfg!(target_arch = "aarch64") {
            return Self::Neon;
        }
        Self::Portable
    }

    /// The levels that this machine can run, the portable one first: what tests and benches go through.
    pub fn available() -> Vec<Self> {
        let levels: &[Self] = if cfg!(target_arch = "aarch64") {
            &[Self::Portable, Self::Neon]
        } else {
            &[Self::Portable, Self::Avx2, Self::Avx512, Self::Avx512Vnni]
        };
        let best = Self::detect();
        levels
            .iter()
            .copied()
            .filter(|level| *level <= best)
            .collect()
    }

    /// Stops where this machine lacks the level's instructions, so that calls of its kernels are sound wherever the
    /// level came from.
    ///
    /// # Panics
    /// Panics if the machine lacks them.
    #[inline]
    pub(crate) fn require(self) {
        assert!(self <= Self::detect(), "{} is not there", self.name());
    }

    /// A name for reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Neon => "neon",
            Self::Avx2 => "avx2+fma",
            Self::Avx512 => "avx512",
            Self::Avx512Vnni => "avx512+vnni",
        }
    }
}
