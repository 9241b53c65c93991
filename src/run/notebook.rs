//! What was observed, for those who write it down. As a rule nobody does, and nothing is kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Run;
use crate::ids::{Region, TargetId};
use crate::model::observed::Observed;
use crate::model::service::Catalogue;

/// What was observed in a run.
#[derive(Debug, Default)]
pub struct Notes {
    /// What each target has.
    pub observed: BTreeMap<TargetId, Observed>,
    /// What each region offers, to whoever saw most of it.
    pub offers: BTreeMap<Region, Arc<Catalogue>>,
}

/// Takes notes where someone asked for them.
#[derive(Debug, Default)]
pub(super) struct Notebook(Mutex<Option<Notes>>);

impl Notebook {
    /// Notes what a target has, as it was first seen.
    pub(super) fn note(&self, target: &TargetId, observed: &Observed, offers: &Arc<Catalogue>) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(notes) = notes.as_mut() else { return };
        notes.observed.entry(target.clone()).or_insert_with(|| observed.clone());
        let known = notes.offers.entry(target.region.clone()).or_insert_with(|| Arc::clone(offers));
        if known.offers.len() < offers.offers.len() {
            *known = Arc::clone(offers);
        }
    }
}

impl Run {
    /// From now on what is observed is kept.
    pub fn take_notes(&self) {
        *self.notebook.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Notes::default());
    }

    /// What was kept so far; it is not kept any longer.
    pub fn notes(&self) -> Notes {
        let notes = self.notebook.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        notes.unwrap_or_default()
    }
}
