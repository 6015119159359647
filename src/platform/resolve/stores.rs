//! The gateway's database and cache: who keeps them, and the variables by which LiteLLM finds them.

use smol_str::SmolStr;

use crate::backend::Role;
use crate::diagnostic::Span;
use crate::manifest::{self, Duration, Size};
use crate::platform::{Cache, Origin, Platform, ServiceId, Value, Variable};

use super::Draft;
use super::reach::{Seat, way};
use super::variables::Variables;

impl Draft<'_> {
    /// Follows the names of the services that keep something for the gateway.
    pub(super) fn stores(&mut self, platform: &mut Platform) {
        let manifest = self.manifest;
        let place = self.root.table("gateway");
        if let Some(it) = &manifest.gateway.database {
            let span = place.table("database").value("service");
            platform.gateway.database = self.service(it.service.as_str(), span);
            self.role(it.service.as_str(), Role::Database, span);
        }
        if let Some(it) = &manifest.gateway.cache {
            let span = place.table("cache").value("service");
            if let Some(service) = self.service(it.service.as_str(), span) {
                platform.gateway.cache = Some(Cache {
                    service,
                    size: it.size.as_ref().and_then(Size::to_bytes),
                    ttl: it.ttl.as_ref().and_then(Duration::to_std),
                    has_password: self
                        .secret_of(it.service.as_str(), REDIS_PASSWORD)
                        .is_some(),
                });
            }
            self.role(it.service.as_str(), Role::Cache, span);
        }
    }

    /// What keeps something for the gateway, with where that is said.
    pub(super) fn stores_of(&self, platform: &Platform) -> Vec<(ServiceId, Span)> {
        let place = self.root.table("gateway");
        let database = platform.gateway.database;
        let database = database.map(|it| (it, place.table("database").value("service")));
        let cache = platform.gateway.cache.as_ref();
        let cache = cache.map(|it| (it.service, place.table("cache").value("service")));
        database.into_iter().chain(cache).collect()
    }

    /// Adds the variables that say where database and cache are. LiteLLM makes the database's URL of its parts, so the password stays a secret of its own.
    pub(super) fn store_variables(&mut self, platform: &Platform, env: &mut Variables) {
        let stores = self.stores_of(platform);
        for (store, span) in stores {
            let Some((address, port)) = self.store_address(platform, store, span) else {
                continue;
            };
            let service = &platform[store];
            let text = |text: String| Some(Value::Text(text.into()));
            let known = |name| self.text_of(&service.name, name);
            let secret = |name| self.secret_of(&service.name, name);
            let (why, values) = if platform.gateway.database == Some(store) {
                let values = vec![
                    ("DATABASE_HOST", text(format!("{address}:{port}"))),
                    ("DATABASE_NAME", known("POSTGRES_DB").map(Value::Text)),
                    ("DATABASE_USERNAME", known("POSTGRES_USER").map(Value::Text)),
                    ("DATABASE_PASSWORD", secret("POSTGRES_PASSWORD")),
                ];
                ("LiteLLM makes the URL of its database of these", values)
            } else {
                let values = vec![
                    ("REDIS_HOST", text(address)),
                    ("REDIS_PORT", text(port.to_string())),
                    (REDIS_PASSWORD, secret(REDIS_PASSWORD)),
                ];
                ("where its cache is", values)
            };
            for (name, value) in values {
                let Some(value) = value else { continue };
                // What the owner wrote is stronger.
                env.add(Variable {
                    name: SmolStr::new_static(name),
                    value,
                    required: true,
                    origin: Origin::Kind(why),
                    span,
                });
            }
        }
    }

    /// Address and port at which the gateway finds a store; reports when there is no way.
    fn store_address(
        &mut self,
        platform: &Platform,
        store: ServiceId,
        span: Span,
    ) -> Option<(String, u16)> {
        let gateway = platform.gateway_service();
        let service = &platform[store];
        let seat = Seat::of(gateway);
        // It reports what is wrong, in the words of every other call.
        self.base(platform, seat, service, service.port(), span, &gateway.name)?;
        let way = way(platform, seat, store)?;
        let port = way.port(service, service.port()?);
        let address = if way.address.contains(':') {
            format!("[{}]", way.address)
        } else {
            way.address.to_owned()
        };
        Some((address, port))
    }

    /// The secret that the owner gave to a variable of a service.
    fn secret_of(&self, service: &str, variable: &str) -> Option<Value> {
        let env = &self.manifest.services.get(service)?.env;
        match env.get(variable)? {
            manifest::Value::Source(entry) => {
                let name = entry.secret.as_ref()?;
                self.names.secret(name.as_str()).map(Value::Secret)
            }
            _ => None,
        }
    }

    /// What the owner wrote for a variable of a service, else what its kind always writes.
    fn text_of(&self, service: &str, variable: &str) -> Option<SmolStr> {
        let written = self.manifest.services.get(service)?;
        if let Some(manifest::Value::Text(text)) = written.env.get(variable) {
            return Some(text.clone());
        }
        let kind = crate::backend::find(&written.kind)?;
        let setting = kind.env.iter().find(|it| it.name == variable)?;
        match setting.value {
            crate::backend::SettingValue::Text(text) => Some(SmolStr::new_static(text)),
            _ => None,
        }
    }
}

const REDIS_PASSWORD: &str = "REDIS_PASSWORD";
