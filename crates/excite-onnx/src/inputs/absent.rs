//! In the place of the formats whose features are off: each refuses its files.

#[cfg(not(all(feature = "audio", feature = "images", feature = "npz", feature = "safetensors")))]
fn absent<T>(feature: &str) -> Result<T, String> {
    Err(format!(
        "excite-onnx was built without its feature `{feature}`, which reads such files; build it with that, or give .npy"
    ))
}

#[cfg(not(feature = "audio"))]
pub(super) mod audio {
    pub(crate) fn read(_: &[u8], _: &crate::ModelInput) -> Result<crate::Array, String> {
        super::absent("audio")
    }
}

#[cfg(not(feature = "images"))]
pub(super) mod image {
    pub(crate) fn read(_: &[u8], _: &crate::ModelInput, _: &crate::inputs::Pictures) -> Result<crate::Array, String> {
        super::absent("images")
    }
}

#[cfg(not(feature = "npz"))]
pub(super) mod npz {
    pub(crate) fn open(_: &std::path::Path) -> Result<Vec<crate::inputs::pieces::Stored>, String> {
        super::absent("npz")
    }
}

#[cfg(not(feature = "safetensors"))]
pub(super) mod safetensors {
    pub(crate) fn read(_: &[u8]) -> Result<Vec<(String, crate::Array)>, String> {
        super::absent("safetensors")
    }
}
