//! Models: where each is served, and where its weights lie.

use std::collections::HashMap;

use crate::diagnostic::{Diagnostic, Fix, Span, near_name};
use crate::manifest::{self, HandleName, ParameterCount, Size};
use crate::platform::rows::Rows;
use crate::platform::{Host, Model, ModelId, Room, Service, ServiceId};

use super::written::Written;
use super::{Draft, rules};

impl Draft<'_> {
    /// All models; one whose service nobody knows is given the first until the errors end the step.
    pub(super) fn models(&mut self, services: &Rows<Service>, hosts: &Rows<Host>) -> Rows<Model> {
        let manifest = self.manifest;
        self.case_clashes("models", manifest.models.keys().map(HandleName::as_str));
        self.each(self.models.len(), |draft, at| {
            draft.one_model(ModelId::new(at), services, hosts)
        })
    }

    fn one_model(&mut self, id: ModelId, services: &Rows<Service>, hosts: &Rows<Host>) -> Model {
        let Written {
            name,
            fields: it,
            place,
        } = self.written_model(id);
        let service = self.service(it.service.as_str(), place.value("service"));
        let on = service.and_then(|id| id.among(services));
        let port = it.port.and_then(|it| u16::try_from(it).ok());
        if let Some(on) = on {
            self.model_port(name, on, port, place.value("port"));
        }
        let host = on.and_then(|on| on.host.among(hosts));
        Model {
            id,
            name: name.to_owned(),
            title: it.title.clone().unwrap_or_else(|| name.to_owned()),
            state: it.state,
            service: service.unwrap_or(ServiceId::new(0)),
            port: port.or_else(|| on.and_then(Service::port)),
            port_span: place.value("port"),
            served_as: served_as(name, it, on),
            repo: it.repo.clone(),
            source_path: it.source_path.as_ref().map(|it| it.0.to_string()),
            cache_path: it.cache_path.as_ref().map(|it| it.0.to_string()),
            volume: host.and_then(|host| self.volume(host, it, place.value("volume"))),
            format: it.format.clone(),
            parameters: it.parameters.as_ref().map(|it| it.0.to_string()),
            parameter_count: it.parameters.as_ref().and_then(ParameterCount::to_number),
            tier: self.tier(name, it, place),
            price: it.price,
            quantisation: it.quantisation.clone(),
            context_length: it.context_length.and_then(|it| u64::try_from(it).ok()),
            max_output_tokens: it.max_output_tokens.and_then(|it| u64::try_from(it).ok()),
            mode: it.mode,
            capabilities: sorted(&it.capabilities),
            memory: it.memory.as_ref().and_then(Size::to_bytes),
            boot: it.boot,
            chat_template: it.chat_template.as_ref().map(|it| it.0.to_string()),
            tool_call_parser: it.tool_call_parser.clone(),
            reasoning_parser: it.reasoning_parser.clone(),
            request_params: it.request_params.clone(),
            notes: it.notes.clone(),
            span: place.span(),
        }
    }

    fn model_port(&mut self, name: &str, service: &Service, port: Option<u16>, span: Span) {
        match port {
            None if service.kind.one_model_per_port && service.ports.len() != 1 => {
                self.diagnostics.push(
                    Diagnostic::new(&rules::MISSING_PORT, format!("model `{name}` has no port"))
                        .primary(
                            span,
                            format!("each model of `{}` has a port of its own", service.name),
                        )
                        .help("give it one of the service's range"),
                );
            }
            Some(port)
                if !service.kind.one_model_per_port
                    && !service.ports.iter().any(|it| it.number == port) =>
            {
                self.diagnostics.push(
                    Diagnostic::new(
                        &rules::PORT_OUTSIDE_RANGES,
                        format!("port {port} is not one of `{}`", service.name),
                    )
                    .primary(span, format!("`{name}` cannot be there"))
                    .help("leave the port out: all models of this service share its port"),
                );
            }
            _ => {}
        }
    }

    /// The volume that a model lies on: the one named, else the one its path is below.
    fn volume(&mut self, host: &Host, it: &manifest::Model, span: Span) -> Option<(String, Room)> {
        if let Some(name) = &it.volume {
            if let Some(volume) = host.volumes.iter().find(|it| it.name == name.as_str()) {
                return Some((volume.name.clone(), volume.room));
            }
            let known: Vec<_> = host.volumes.iter().map(|it| it.name.as_str()).collect();
            let near = near_name(name.as_str(), known.iter().copied());
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its volumes are {}", known.join(", ")),
            };
            self.diagnostics.push(
                Diagnostic::new(
                    &rules::UNKNOWN_NAME,
                    format!("host `{}` has no volume `{}`", host.name, name.as_str()),
                )
                .primary(span, "no volume there has this name")
                .help(help)
                .fix_if(near.and_then(|near| Fix::rename(span, name.as_str(), near))),
            );
            return None;
        }
        let path = it.source_path.as_ref()?;
        host.volumes
            .iter()
            .filter(|volume| {
                path.0
                    .strip_prefix(&volume.path)
                    .is_some_and(|rest| rest.starts_with('/'))
            })
            .max_by_key(|volume| volume.path.len())
            .map(|volume| (volume.name.clone(), volume.room))
    }

    /// Reports names of a table that differ only in case.
    pub(super) fn case_clashes<'m>(
        &mut self,
        table: &str,
        names: impl Iterator<Item = &'m str> + Clone,
    ) {
        // Two names of small letters differ in more.
        let has_capital = |name: &str| name.bytes().any(|it| it.is_ascii_uppercase());
        if !names.clone().any(has_capital) {
            return;
        }
        let mut seen: HashMap<String, &str> = HashMap::new();
        for name in names {
            if let Some(other) = seen.insert(name.to_ascii_lowercase(), name) {
                let place = self.root.table(table);
                self.diagnostics.push(
                    Diagnostic::new(
                        &rules::NAMES_DIFFER_IN_CASE,
                        format!("`{other}` and `{name}` differ only in case"),
                    )
                    .primary(place.key(name), "differs from the other only in case")
                    .secondary(place.key(other), "the other")
                    .help("give one of them another name"),
                );
            }
        }
    }
}

/// The name that a model's server knows it by.
fn served_as(name: &str, it: &manifest::Model, on: Option<&Service>) -> String {
    if let Some(name) = &it.served_as {
        return name.clone();
    }
    let by_source = on.is_some_and(|on| on.kind.serves_by_source);
    let path = it.source_path.as_ref().map(manifest::Path::as_str);
    let source = path.or(it.repo.as_deref()).filter(|_| by_source);
    source.unwrap_or(name).to_owned()
}

fn sorted<T: Ord + Copy>(items: &[T]) -> Vec<T> {
    let mut items = items.to_vec();
    items.sort();
    items.dedup();
    items
}
