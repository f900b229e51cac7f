//! The folder's models, loaded when first needed and then shared by the sections.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use pulse_llm::checkpoint::WeightDtype;
use pulse_llm::{DeviceName, LoadOptions, LoadedModel, MergeType, PageImage};

use crate::golden::{Golden, GoldenError};

/// Loaded models and pictures.
pub struct Models<'a> {
    golden: &'a Golden,
    device: DeviceName,
    loaded: RefCell<BTreeMap<(String, String), Rc<LoadedModel>>>,
}

impl<'a> Models<'a> {
    /// Nothing loaded yet.
    pub fn new(golden: &'a Golden, device: DeviceName) -> Self {
        Self {
            golden,
            device,
            loaded: RefCell::default(),
        }
    }

    /// Where models run.
    pub fn device(&self) -> DeviceName {
        self.device
    }

    /// A model of the folder with f32 arithmetic.
    pub(crate) fn load(
        &self,
        name: &str,
        merge: MergeType,
    ) -> Result<Rc<LoadedModel>, GoldenError> {
        self.load_as(name, merge, Some(WeightDtype::F32))
    }

    /// A model of the folder with its weights in `dtype`.
    pub(crate) fn load_as(
        &self,
        name: &str,
        merge: MergeType,
        dtype: Option<WeightDtype>,
    ) -> Result<Rc<LoadedModel>, GoldenError> {
        let key = (name.to_owned(), format!("{merge} {dtype:?}"));
        if let Some(model) = self.loaded.borrow().get(&key) {
            return Ok(model.clone());
        }
        let options = self.options(merge, dtype);
        let folder = self.golden.path(&format!("models/{name}"));
        let model = LoadedModel::load(&folder, &options)
            .map_err(GoldenError::pulse(format!("model {name}")))?;
        let model = Rc::new(model);
        self.loaded.borrow_mut().insert(key, model.clone());
        Ok(model)
    }

    pub(crate) fn options(&self, merge: MergeType, dtype: Option<WeightDtype>) -> LoadOptions {
        LoadOptions {
            device: self.device,
            dtype,
            merge: Some(merge),
            ..LoadOptions::default()
        }
    }

    /// A picture of the folder; `None` if it is not part of it.
    pub(crate) fn picture(&self, name: &str) -> Result<Option<PageImage>, GoldenError> {
        let path = self.golden.path(&format!("images/{name}"));
        if !path.is_file() {
            return Ok(None);
        }
        pulse_llm::open_image(&path)
            .map(Some)
            .map_err(GoldenError::pulse(format!("picture {name}")))
    }
}
