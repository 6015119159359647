//! What the file says of each value with an id, and where: found by the id, and never looked for by name again.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use crate::manifest;
use crate::platform::{HandleId, ModelId, ServiceId};

use super::Draft;
use super::place::Place;

/// One table of the file, such as that of a service.
pub(super) struct Written<'a, T> {
    pub name: &'a str,
    pub fields: &'a T,
    pub place: Place<'a>,
}

impl<T> Clone for Written<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Written<'_, T> {}

impl<'a, T> Written<'a, T> {
    /// All that is written below a key, by name.
    pub(super) fn all<N: Borrow<str>>(
        fields: &'a BTreeMap<N, Box<T>>,
        place: Place<'a>,
    ) -> Vec<Self> {
        let all = fields.iter().map(|(name, fields)| {
            let name = name.borrow();
            let place = place.table(name);
            Written {
                name,
                fields: &**fields,
                place,
            }
        });
        all.collect()
    }
}

impl<'a> Draft<'a> {
    /// What is written of a service.
    pub(super) fn written(&self, service: ServiceId) -> Written<'a, manifest::Service> {
        self.services[usize::from(service)]
    }

    /// What is written of a model.
    pub(super) fn written_model(&self, model: ModelId) -> Written<'a, manifest::Model> {
        self.models[usize::from(model)]
    }

    /// What is written of a handle.
    pub(super) fn written_handle(&self, handle: HandleId) -> Written<'a, manifest::Handle> {
        self.handles[usize::from(handle)]
    }
}
