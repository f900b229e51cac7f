//! The user's API: load a model, ask about a picture.

use std::sync::Arc;

use pulse_vision::PageImage;

use crate::answer::{Answer, Provenance, Sampling};
use crate::batch::{self, BatchQuestion};
use crate::candidate_ids::CandidateIds;
use crate::chat::Chat;
use crate::error::PulseError;
use crate::generation::GenerateOptions;
use crate::hub::{self, ModelSource};
use crate::likelihood::ScoredAnswer;
use crate::load::{LoadOptions, LoadedModel};
use crate::text::{ConversationTemplate, Tokenizer};

/// The template PULSE was trained and evaluated with.
const DEFAULT_TEMPLATE: &str = "llava_v1";

/// A loaded model. Clones share it; it can be used from several threads at once.
#[derive(Debug, Clone)]
pub struct Pulse {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    name: String,
    revision: Option<String>,
    loaded: LoadedModel,
    tokenizer: Tokenizer,
    template: &'static ConversationTemplate,
    options: LoadOptions,
    candidate_ids: CandidateIds,
}

impl Pulse {
    /// Loads a model from a folder or, by its id (`PULSE-ECG/PULSE-7B`), from the Hugging Face Hub.
    ///
    /// # Errors
    /// [`PulseError`] says which part of the checkpoint is missing, damaged or of another kind.
    pub fn load(model: &str, options: LoadOptions) -> Result<Self, PulseError> {
        let template =
            ConversationTemplate::named(options.template.as_deref().unwrap_or(DEFAULT_TEMPLATE))?;
        let (folder, revision) = match ModelSource::parse(model)? {
            ModelSource::Folder(folder) => (folder, None),
            ModelSource::Hub(id) => {
                let snapshot = hub::fetch_model(&id, &options.hub)?;
                (snapshot.folder, Some(snapshot.revision))
            }
        };
        let tokenizer = Tokenizer::from_folder(&folder)?;
        let loaded = LoadedModel::load(&folder, &options)?;
        let vocabulary = loaded.config.decoder.vocab_size;
        if tokenizer.vocab_size() != vocabulary {
            return Err(PulseError::Vocabulary {
                tokenizer: tokenizer.vocab_size(),
                model: vocabulary,
            });
        }
        let name = model.to_owned();
        Ok(Self {
            shared: Arc::new(Shared {
                name,
                revision,
                loaded,
                tokenizer,
                template,
                options,
                candidate_ids: CandidateIds::default(),
            }),
        })
    }

    /// Asks one question about one picture.
    ///
    /// # Errors
    /// [`PulseError`] if the picture or question cannot be used or they do not fit the context.
    pub fn ask(
        &self,
        picture: &PageImage,
        question: &str,
        options: GenerateOptions,
    ) -> Result<Answer, PulseError> {
        self.ask_streaming(picture, question, options, |_| {})
    }

    /// As [`ask`](Self::ask), handing out the answer's text as it is generated.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub fn ask_streaming(
        &self,
        picture: &PageImage,
        question: &str,
        options: GenerateOptions,
        on_text: impl FnMut(&str),
    ) -> Result<Answer, PulseError> {
        let mut chat = self.chat();
        chat.attach(picture)?;
        chat.ask_streaming(question, options, on_text)
    }

    /// Asks several questions, each about its own picture or none, in one batch. The answers are
    /// the same as one by one.
    ///
    /// # Errors
    /// The first error of any question; nothing is answered then.
    pub fn ask_batch(
        &self,
        questions: &[(Option<&PageImage>, &str)],
        options: GenerateOptions,
    ) -> Result<Vec<Answer>, PulseError> {
        self.name_weights();
        batch::ask(self, questions, options)
    }

    /// As [`ask_batch`](Self::ask_batch) for pictures that are already encoded, and tells how likely
    /// given answers are. The prompt is computed once: the answer and every candidate continue from it.
    ///
    /// # Errors
    /// The first error of any question; nothing is answered then.
    pub fn answer_batch(
        &self,
        questions: &[BatchQuestion<'_>],
        options: &GenerateOptions,
    ) -> Result<Vec<ScoredAnswer>, PulseError> {
        self.name_weights();
        batch::answer(self, questions, options)
    }

    /// A conversation that keeps what it has already read.
    pub fn chat(&self) -> Chat {
        self.name_weights();
        Chat::new(self.clone())
    }

    /// The model below: ids and pictures instead of texts.
    pub fn model(&self) -> &LoadedModel {
        &self.shared.loaded
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.shared.tokenizer
    }

    /// The conversation template.
    pub fn template(&self) -> &'static ConversationTemplate {
        self.shared.template
    }

    /// The ids of candidates, as far as they are known.
    pub(crate) fn candidate_ids(&self) -> &CandidateIds {
        &self.shared.candidate_ids
    }

    /// Weights of the Hub have a revision; those of a folder are hashed beside the first answer.
    fn name_weights(&self) {
        if self.shared.revision.is_none() {
            self.shared.loaded.digest.start();
        }
    }

    /// What an answer with these options and pictures of these tile grids comes from. The first call
    /// waits until the weights of a folder are hashed.
    pub fn provenance(&self, options: &GenerateOptions, tile_grid: Vec<[u32; 2]>) -> Provenance {
        self.name_weights();
        let Shared {
            name,
            revision,
            loaded,
            template,
            options: load,
            ..
        } = &*self.shared;
        Provenance {
            model: name.clone(),
            weights_digest: match revision {
                Some(revision) => format!("revision:{revision}"),
                None => loaded.digest.get(),
            },
            layout: loaded.layout.name.to_owned(),
            merge: loaded.config.merge,
            tile_grid,
            template: template.name.to_owned(),
            sampling: Sampling {
                temperature: options.temperature,
                top_k: options.top_k,
                top_p: options.top_p,
                num_beams: options.num_beams,
                max_new_tokens: options.max_new_tokens,
            },
            seed: options.seed,
            dtype: loaded.dtype.clone(),
            cache_dtype: loaded.model.decoder.cache_dtype().name().to_owned(),
            device: load.device,
            notice: loaded.config.notice.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}
