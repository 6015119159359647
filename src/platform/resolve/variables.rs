//! The variables of one environment, each name once.

use crate::platform::Variable;

/// Variables in the order of their names.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables(Vec<Variable>);

impl Variables {
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|it| it.name.as_str().cmp(name))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Variable> {
        self.place(name).ok().map(|at| &self.0[at])
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Variable> {
        self.place(name).ok().map(|at| &mut self.0[at])
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.place(name).is_ok()
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Variable> {
        self.0.iter()
    }

    /// Makes room for so many more.
    pub(super) fn reserve(&mut self, more: usize) {
        self.0.reserve_exact(more);
    }

    /// Adds a variable, unless there is one with its name.
    pub(super) fn add(&mut self, variable: Variable) {
        if let Err(at) = self.place(&variable.name) {
            self.0.insert(at, variable);
        }
    }

    /// Brings them into their order; of those with one name the last is kept.
    fn settle(&mut self) {
        if self.0.is_sorted_by(|one, next| one.name < next.name) {
            return;
        }
        self.0.sort_by(|one, other| one.name.cmp(&other.name));
        self.0.dedup_by(|next, kept| {
            let is_same = next.name == kept.name;
            if is_same {
                std::mem::swap(next, kept);
            }
            is_same
        });
    }

    pub(super) fn into_vec(self) -> Vec<Variable> {
        self.0
    }
}

impl Extend<Variable> for Variables {
    /// Adds many at once, each in place of what has its name.
    fn extend<T: IntoIterator<Item = Variable>>(&mut self, variables: T) {
        self.0.extend(variables);
        self.settle();
    }
}

impl FromIterator<Variable> for Variables {
    fn from_iter<T: IntoIterator<Item = Variable>>(variables: T) -> Self {
        let mut all = Self(variables.into_iter().collect());
        all.settle();
        all
    }
}

#[cfg(test)]
mod tests {
    use smol_str::SmolStr;

    use super::*;
    use crate::diagnostic::Span;
    use crate::platform::{Origin, Value};

    fn variable(name: &str, text: &str) -> Variable {
        Variable {
            name: name.into(),
            value: Value::Text(text.into()),
            required: true,
            origin: Origin::Owner,
            span: Span::default(),
        }
    }

    #[test]
    fn each_name_is_there_once_and_in_order() {
        let mut env: Variables = [variable("C", "1"), variable("A", "2"), variable("C", "3")]
            .into_iter()
            .collect();
        env.extend([variable("A", "4"), variable("D", "5")]);
        env.add(variable("B", "6"));
        env.add(variable("D", "7"));
        let found: Vec<(SmolStr, Value)> = env
            .iter()
            .map(|it| (it.name.clone(), it.value.clone()))
            .collect();
        let text = |name: &str, text: &str| (name.into(), Value::Text(text.into()));
        assert_eq!(
            found,
            [
                text("A", "4"),
                text("B", "6"),
                text("C", "3"),
                text("D", "5")
            ]
        );
        assert!(env.contains("B") && !env.contains("E"));
        assert_eq!(
            env.get("C").map(|it| &it.value),
            Some(&Value::Text("3".into()))
        );
    }
}
