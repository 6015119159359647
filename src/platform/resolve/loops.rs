//! Proof that no request goes round in a circle, and that every fallback can answer.

use smol_str::{SmolStr, format_smolstr};

use crate::backend::{Role, upstream_name};
use crate::diagnostic::Diagnostic;
use crate::platform::{Deployment, HandleId, Platform};

use super::{Draft, rules};

impl Draft<'_> {
    pub(super) fn loops(&mut self, platform: &Platform) {
        self.route_loops(platform);
        self.fallback_loops(platform);
        self.dead_fallbacks(platform);
    }

    /// Follows every route of the gateway: an optimiser calls the gateway back by a name, which must end at a model's server.
    fn route_loops(&mut self, platform: &Platform) {
        for deployment in platform.deployments.iter().filter(|it| !it.internal) {
            let mut path = Vec::new();
            let mut next = deployment;
            while let Some(name) = called_back(platform, next) {
                let again = name == deployment.name || path.contains(&name);
                let found = named(platform, &name);
                path.push(name);
                if again {
                    path.insert(0, deployment.name.clone());
                    self.report_loop(platform, deployment, &path);
                    break;
                }
                match found {
                    Some(found) => next = found,
                    None => break,
                }
            }
        }
    }

    fn report_loop(&mut self, platform: &Platform, deployment: &Deployment, path: &[SmolStr]) {
        let way: Vec<String> = path.iter().map(|it| format!("`{it}`")).collect();
        self.diagnostics.push(
            Diagnostic::new(
                &rules::ROUTE_LOOP,
                format!(
                    "requests for `{}` would go round in a circle",
                    deployment.name
                ),
            )
            .primary(
                platform[deployment.handle].span,
                format!("goes {}", way.join(" → ")),
            )
            .secondary(platform[deployment.service].span, "calls the gateway back")
            .help("let the model be served by something that does not call the gateway"),
        );
    }

    fn fallback_loops(&mut self, platform: &Platform) {
        // Colours of the classic walk: nothing is white, false is grey (on the way), true is black (done).
        let mut done: Vec<Option<bool>> = vec![None; platform.handles.len()];
        for start in &platform.handles {
            if start.fallbacks.is_empty() || done[usize::from(start.id)].is_some() {
                continue;
            }
            let mut stack = vec![(start.id, 0)];
            done[usize::from(start.id)] = Some(false);
            while let Some((id, at)) = stack.pop() {
                let Some(next) = platform[id].fallbacks.get(at).copied() else {
                    done[usize::from(id)] = Some(true);
                    continue;
                };
                stack.push((id, at + 1));
                match done[usize::from(next)] {
                    Some(false) => self.report_fallback_loop(platform, &stack, id, at, next),
                    Some(true) => {}
                    None => {
                        done[usize::from(next)] = Some(false);
                        stack.push((next, 0));
                    }
                }
            }
        }
    }

    fn report_fallback_loop(
        &mut self,
        platform: &Platform,
        stack: &[(HandleId, usize)],
        id: HandleId,
        at: usize,
        next: HandleId,
    ) {
        let from = stack.iter().position(|(it, _)| *it == next).unwrap_or(0);
        let mut path: Vec<String> = stack[from..]
            .iter()
            .map(|(it, _)| format!("`{}`", platform[*it].name))
            .collect();
        path.push(format!("`{}`", platform[next].name));
        // A chain of thousands is shown by its two ends.
        if path.len() > 8 {
            path.splice(4..path.len() - 3, ["…".to_owned()]);
        }
        let span = self.fallback_span(&platform[id].name, at);
        self.diagnostics.push(
            Diagnostic::new(
                &rules::FALLBACK_LOOP,
                format!("the fallbacks of `{}` lead back to it", platform[next].name),
            )
            .primary(span, format!("goes {}", path.join(" → ")))
            .help("take this fallback out"),
        );
    }

    fn dead_fallbacks(&mut self, platform: &Platform) {
        for handle in &platform.handles {
            for (at, fallback) in handle.fallbacks.iter().enumerate() {
                let fallback = &platform[*fallback];
                let live = fallback
                    .targets
                    .iter()
                    .any(|it| platform.model_is_live(&platform[it.model]));
                let mode = |handle: &crate::platform::Handle| {
                    handle.targets.first().map(|it| platform[it.model].mode)
                };
                if live && mode(handle) == mode(fallback) {
                    continue;
                }
                let span = self.fallback_span(&handle.name, at);
                if live {
                    self.diagnostics.push(
                        Diagnostic::new(
                            &rules::DEAD_FALLBACK,
                            format!(
                                "fallback `{}` does another thing than `{}`",
                                fallback.name, handle.name
                            ),
                        )
                        .primary(span, "its model has another mode")
                        .help("name a handle whose model has the same `mode`"),
                    );
                } else {
                    self.diagnostics.push(
                        Diagnostic::new(
                            &rules::DEAD_FALLBACK,
                            format!("fallback `{}` has no live model", fallback.name),
                        )
                        .primary(span, "cannot answer")
                        .secondary(fallback.span, "none of its models is live")
                        .help("name a handle whose model is live"),
                    );
                }
            }
        }
    }
}

/// The name by which the gateway is called back for a deployment, when something on the way calls it.
fn called_back(platform: &Platform, deployment: &Deployment) -> Option<SmolStr> {
    let sent = match platform[deployment.service].kind.role {
        Role::Gateway => return Some(deployment.selector.clone()),
        Role::Optimiser => upstream_name(&deployment.selector),
        _ => return None,
    };
    // The map of the optimiser knows the names of the models that handles send through it.
    let prefix = platform
        .policy
        .optimiser
        .as_ref()
        .map_or("router-", |it| &it.internal_prefix);
    let mapped = format_smolstr!("{prefix}{sent}");
    let known = named(platform, &mapped).is_some_and(|it| it.internal);
    Some(if known { mapped } else { sent.into() })
}

/// The last deployment of a name.
fn named<'p>(platform: &'p Platform, name: &str) -> Option<&'p Deployment> {
    let named = |it: &Deployment| it.name.as_str() <= name;
    let end = platform.deployments.partition_point(named);
    let last = platform.deployments[..end].last();
    last.filter(|it| it.name == name)
}
