//! Handles: the models behind each, the way there, and the fallbacks.

use crate::backend::Role;
use crate::diagnostic::{Diagnostic, Fix, Span, near_name};
use crate::manifest::{self, Duration, HandleName, TargetEntry};
use crate::platform::rows::Rows;
use crate::platform::{Deprecation, Handle, HandleId, Model, Policy, Service, ServiceId, Target};

use super::place::Place;
use super::written::Written;
use super::{Draft, rules};

impl Draft<'_> {
    pub(super) fn handles(
        &mut self,
        services: &Rows<Service>,
        models: &Rows<Model>,
        policy: Option<&Policy>,
    ) -> Rows<Handle> {
        let manifest = self.manifest;
        self.case_clashes("handles", manifest.handles.keys().map(HandleName::as_str));
        let mut handles = self.each(self.handles.len(), |draft, at| {
            draft.one_handle(HandleId::new(at), services, models, policy)
        });
        self.follow_aliases(&mut handles);
        handles
    }

    fn one_handle(
        &mut self,
        id: HandleId,
        services: &Rows<Service>,
        models: &Rows<Model>,
        policy: Option<&Policy>,
    ) -> Handle {
        let Written {
            name,
            fields: it,
            place,
        } = self.written_handle(id);
        let targets = match &it.alias_of {
            Some(_) => Vec::new(),
            None => self.targets(name, it, place),
        };
        let via = self.via(it, &targets, services, models, policy, place);
        if it.technique.is_some() && via.is_none() {
            self.conflict(
                format!("handle `{name}` names a technique and goes through no optimiser"),
                place.value("technique"),
                "nobody would apply it",
            );
        }
        self.technique(it, via, services, place);
        let fallbacks = it.fallbacks.iter().enumerate();
        let fallbacks: Vec<HandleId> = fallbacks
            .filter_map(|(at, fallback)| self.handle(fallback, place.item("fallbacks", at)))
            .collect();
        let deprecated = it.deprecated.as_ref().and_then(|it| {
            let span = place.table("deprecated").value("in_favour_of");
            Some(Deprecation {
                in_favour_of: self.handle(&it.in_favour_of, span)?,
                since: it.since.clone(),
                reason: it.reason.clone(),
            })
        });
        Handle {
            id,
            name: name.to_owned(),
            title: it.title.clone().unwrap_or_else(|| name.to_owned()),
            alias_of: self.alias(name, it, place),
            state: it.state,
            targets,
            visibility: it.visibility,
            via,
            technique: it.technique.clone(),
            fallbacks,
            timeout: it.timeout.as_ref().and_then(Duration::to_std),
            stream_timeout: it.stream_timeout.as_ref().and_then(Duration::to_std),
            parameters: it.parameters.clone(),
            since: it.since.clone(),
            deprecated,
            notes: it.notes.clone(),
            span: place.span(),
        }
    }

    /// Gives each alias the models of the handle it stands for, and each fallback that is an alias the handle itself.
    fn follow_aliases(&self, handles: &mut Rows<Handle>) {
        let ends: Vec<HandleId> = handles.iter().map(Handle::served_by).collect();
        for at in 0..handles.len() {
            let end = usize::from(ends[at]);
            if end != at {
                let place = self.written_handle(handles[at].id).place;
                let targets = handles[end].targets.iter().map(|target| Target {
                    span: place.value("alias_of"),
                    ..target.clone()
                });
                handles[at].targets = targets.collect();
                handles[at].via = handles[end].via;
            }
            for fallback in &mut handles[at].fallbacks {
                *fallback = ends[usize::from(*fallback)];
            }
        }
    }

    /// The handle that an alias stands for; reports what an alias cannot have, and one that stands for another.
    fn alias(&mut self, name: &str, it: &manifest::Handle, place: Place<'_>) -> Option<HandleId> {
        let of = it.alias_of.as_ref()?;
        let own = [
            ("model", it.model.is_some()),
            ("models", !it.models.is_empty()),
            ("via", it.via.is_some()),
            ("technique", it.technique.is_some()),
            ("fallbacks", !it.fallbacks.is_empty()),
            ("timeout", it.timeout.is_some()),
            ("stream_timeout", it.stream_timeout.is_some()),
            ("parameters", !it.parameters.is_empty()),
        ];
        for (field, _) in own.iter().filter(|(_, set)| *set) {
            self.conflict(
                format!("handle `{name}` is an alias and has `{field}`"),
                place.key(field),
                "the handle that it stands for says this",
            );
        }
        let span = place.value("alias_of");
        let id = self.handle(of, span)?;
        if let Some(further) = self.manifest.handles.get(of.as_str())
            && let Some(end) = &further.alias_of
        {
            self.diagnostics.push(
                Diagnostic::new(
                    &rules::CONFLICTING_FIELDS,
                    format!("`{name}` is an alias of an alias"),
                )
                .primary(span, format!("`{of}` is another name itself"))
                .help(format!("write `alias_of = \"{end}\"`"))
                .fix_if(Fix::rename(span, of, end).filter(|_| end != name)),
            );
            return None;
        }
        Some(id)
    }

    fn targets(&mut self, name: &str, it: &manifest::Handle, place: Place<'_>) -> Vec<Target> {
        if it.model.is_some() && !it.models.is_empty() {
            self.conflict(
                format!("handle `{name}` has both `model` and `models`"),
                place.key("models"),
                "keep this or `model`",
            );
        }
        let mut targets = Vec::new();
        for (at, entry) in it.models.iter().enumerate() {
            let span = place.item("models", at);
            let (model, order, weight) = match entry {
                TargetEntry::Id(id) => (id, None, None),
                TargetEntry::Table(it) => (&it.model, it.order, it.weight),
            };
            targets.extend(self.model(model, span).map(|model| Target {
                model,
                order: order.and_then(|it| u32::try_from(it).ok()),
                weight: weight.and_then(|it| u32::try_from(it).ok()),
                span,
            }));
        }
        let ordered = targets.iter().filter(|it| it.order.is_some()).count();
        if 0 < ordered && ordered < targets.len() {
            self.conflict(
                format!("handle `{name}` gives an order to some of its models only"),
                place.value("models"),
                "one without an order would never be asked while one with an order is up",
            );
        }
        if it.models.is_empty() {
            let span = place.value("model");
            let model = it.model.as_deref().unwrap_or(name);
            targets.extend(self.model(model, span).map(|model| Target {
                model,
                order: None,
                weight: None,
                span,
            }));
        }
        targets
    }

    /// The optimiser that a handle goes through: the one it names, else what the policy says.
    fn via(
        &mut self,
        it: &manifest::Handle,
        targets: &[Target],
        services: &Rows<Service>,
        models: &Rows<Model>,
        policy: Option<&Policy>,
        place: Place<'_>,
    ) -> Option<ServiceId> {
        match it.via.as_deref() {
            Some("direct") => None,
            Some(name) => {
                let id = self.service(name, place.value("via"))?;
                self.role(name, Role::Optimiser, place.value("via"));
                Some(id)
            }
            None => {
                let optimiser = policy?.optimiser.as_ref().filter(|it| it.enabled)?;
                let kind_of = |target: &Target| {
                    let model = target.model.among(models)?;
                    model.service.among(services).map(|it| it.kind.name)
                };
                let first = kind_of(targets.first()?)?;
                optimiser
                    .kinds
                    .iter()
                    .any(|kind| kind == first)
                    .then_some(optimiser.service)
            }
        }
    }

    fn technique(
        &mut self,
        it: &manifest::Handle,
        via: Option<ServiceId>,
        services: &Rows<Service>,
        place: Place<'_>,
    ) {
        let (Some(technique), Some(via)) = (&it.technique, via) else {
            return;
        };
        let Some(service) = via.among(services) else {
            return;
        };
        if service
            .kind
            .techniques
            .iter()
            .any(|known| known == technique)
        {
            return;
        }
        let near = near_name(technique, service.kind.techniques.iter().copied());
        let span = place.value("technique");
        let fix = near.and_then(|near| Fix::rename(span, technique, near));
        let help = near.map_or_else(
            || format!("it knows {}", service.kind.techniques.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        self.diagnostics.push(
            Diagnostic::new(
                &rules::UNKNOWN_NAME,
                format!("`{}` knows no technique `{technique}`", service.name),
            )
            .primary(span, "no technique has this name")
            .help(help)
            .fix_if(fix),
        );
    }

    /// Where a fallback of a handle stands.
    pub(super) fn fallback_span(&self, handle: &str, at: usize) -> Span {
        self.root
            .table("handles")
            .table(handle)
            .item("fallbacks", at)
    }
}
