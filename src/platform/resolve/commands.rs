//! The start command of every service: the owner's, else that of its kind with address, port, URLs and models filled in.

use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use crate::backend::{self, ModelFact};
use crate::manifest::Argument;
use crate::platform::{Model, Platform, Service, ServiceId, Slot, Value, Word};

use super::Draft;
use super::place::Place;
use super::reach::Seat;

impl Draft<'_> {
    pub(super) fn commands(&mut self, platform: &mut Platform) {
        let shared = &*platform;
        let commands = self.each(shared.services.len(), |draft, at| {
            draft.commands_of(shared, &shared[ServiceId::new(at)])
        });
        for (service, (command, slots)) in platform.services.values_mut().zip(commands) {
            service.run.command = command;
            service.slots = slots;
        }
    }

    /// The start command of a service, and its processes where it runs one for each model.
    fn commands_of(
        &mut self,
        platform: &Platform,
        service: &Service,
    ) -> (Option<Vec<Word>>, Vec<Slot>) {
        let written = self.written(service.id);
        let (run, place) = (&written.fields.run, written.place.table("run"));
        let slots = self.slots(platform, service);
        let command = match &run.command {
            Some(words) => Some(self.arguments(platform, service, words, "command", place)),
            None if command_of(service).is_empty() || service.kind.one_model_per_port => None,
            None => self.kind_command(platform, service, None),
        };
        let further = self.arguments(platform, service, &run.args, "args", place);
        let with_further = |mut words: Vec<Word>| {
            words.extend_from_slice(&further);
            words
        };
        let with_command = |slot: Slot| Slot {
            command: slot.command.map(with_further),
            ..slot
        };
        let slots = slots.into_iter().map(with_command).collect();
        (command.map(with_further), slots)
    }

    /// The processes of a service that runs one for each model.
    fn slots(&mut self, platform: &Platform, service: &Service) -> Vec<Slot> {
        if !service.kind.one_model_per_port {
            return Vec::new();
        }
        let mut slots = Vec::new();
        for model in platform.models_of(service.id) {
            if let (Some(port), true) =
                (model.port, model.state == crate::manifest::ModelState::Live)
            {
                slots.push(Slot {
                    model: model.id,
                    port,
                    boot: model.boot,
                    command: self.kind_command(platform, service, Some(model)),
                });
            }
        }
        slots.sort_by_key(|slot| slot.port);
        slots
    }

    /// The command of a service's kind; nothing when a word of it is not known.
    fn kind_command(
        &mut self,
        platform: &Platform,
        service: &Service,
        model: Option<&Model>,
    ) -> Option<Vec<Word>> {
        let command = command_of(service);
        let mut words = Vec::with_capacity(command.len());
        let text = |text: &str| Word::Text(text.into());
        for word in command {
            match word {
                backend::Word::Text(word) => words.push(Word::Text(SmolStr::new_static(word))),
                backend::Word::Bind => words.push(text(service.listen_address())),
                backend::Word::Port => {
                    let port = model.map_or_else(|| service.listen_port(), |model| model.port)?;
                    words.push(Word::Text(port.to_smolstr()));
                }
                backend::Word::GatewayUrl => {
                    let gateway = platform.gateway_service();
                    let base = self.base(
                        platform,
                        Seat::of(service),
                        gateway,
                        gateway.port(),
                        service.span,
                        &service.name,
                    )?;
                    words.push(Word::Text(format_smolstr!("{base}/v1")));
                }
                backend::Word::Config(name) => words.push(text(&config_word(service, name)?)),
                backend::Word::FlagVariable(flag, variable) => {
                    if service.container.is_none() && platform.variable(service, variable).is_some()
                    {
                        words.push(text(flag));
                        words.push(Word::Variable(SmolStr::new_static(variable)));
                    }
                }
                backend::Word::ModelSource => {
                    let model = model.or_else(|| platform.models_of(service.id).next())?;
                    words.push(text(model.source_path.as_ref().or(model.repo.as_ref())?));
                }
                backend::Word::ModelName => {
                    let model = model.or_else(|| platform.models_of(service.id).next())?;
                    words.push(text(&model.served_as));
                }
                backend::Word::FlagModelOr(flag, fact, default) => {
                    let value = model.and_then(|model| fact_of(model, *fact));
                    words.push(text(flag));
                    words.push(Word::Text(
                        value.map_or_else(|| SmolStr::new_static(default), Into::into),
                    ));
                }
                backend::Word::FlagModel(flag, fact) => {
                    if let Some(value) = model.and_then(|model| fact_of(model, *fact)) {
                        words.push(text(flag));
                        words.push(Word::Text(value.into()));
                    }
                }
            }
        }
        Some(words)
    }

    /// Words that the owner wrote.
    pub(super) fn arguments(
        &mut self,
        platform: &Platform,
        service: &Service,
        written: &[Argument],
        field: &str,
        place: Place<'_>,
    ) -> Vec<Word> {
        let mut words = Vec::with_capacity(written.len());
        for (at, argument) in written.iter().enumerate() {
            let span = place.item(field, at);
            match argument {
                Argument::Text(text) => words.push(Word::Text(text.clone())),
                Argument::Source(entry) => {
                    let value =
                        self.sourced(platform, &service.name, Seat::of(service), entry, span);
                    match value {
                        Some(Value::Variable(name)) => {
                            if platform.variable(service, &name).is_none() {
                                self.unprovided(&name, &service.name, span);
                            }
                            if service.container.is_some() {
                                self.conflict(
                                    "no shell looks up a variable in the command of a container",
                                    span,
                                    "would reach the program as it stands",
                                );
                            }
                            words.push(Word::Variable(name));
                        }
                        Some(Value::Url(_, text) | Value::Text(text)) => {
                            words.push(Word::Text(text));
                        }
                        Some(Value::Handle(id)) => {
                            words.push(Word::Text(platform[id].name.as_str().into()));
                        }
                        Some(Value::Secret(_) | Value::FillIn(_)) => self.conflict(
                            "a secret cannot stand in a command",
                            span,
                            "give it to a variable of `env` and write `{ env = \"NAME\" }` here",
                        ),
                        None => {}
                    }
                }
            }
        }
        words
    }
}

/// The command of a service's kind, on a host or behind the entry point of its image.
fn command_of(service: &Service) -> &'static [backend::Word] {
    match &service.container {
        Some(_) => service.kind.container.map_or(&[], |it| it.command),
        None => service.kind.command,
    }
}

/// How a command names a file that we write: relative to the working directory when it is below it.
fn config_word(service: &Service, name: &str) -> Option<String> {
    if service.container.is_some() {
        return service.own_config(name).map(str::to_owned);
    }
    let path = service.config(name)?;
    let below = service
        .run
        .directory
        .as_deref()
        .and_then(|directory| path.strip_prefix(directory)?.strip_prefix('/'));
    Some(below.unwrap_or(path).to_owned())
}

fn fact_of(model: &Model, fact: ModelFact) -> Option<String> {
    match fact {
        ModelFact::ContextLength => model.context_length.map(|it| it.to_string()),
        ModelFact::MaxOutputTokens => model.max_output_tokens.map(|it| it.to_string()),
        ModelFact::ToolCallParser => model.tool_call_parser.clone(),
        ModelFact::ReasoningParser => model.reasoning_parser.clone(),
        ModelFact::ChatTemplate => model.chat_template.clone(),
    }
}
