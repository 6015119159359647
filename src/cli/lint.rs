//! `homelab lint`: checks the file, and writes nothing unless it is asked to mend it.

use super::arguments::Lint;
use super::{End, fix, input, pages, terminal};

pub(super) fn run(arguments: &Lint) -> End {
    if arguments.fix || arguments.unsafe_fixes || arguments.diff {
        return fix::run(arguments);
    }
    let Some(reading) = input::load_at_last(&arguments.input) else {
        return End::Failed;
    };
    let mut reading = input::miss_lock(reading);
    if pages::hold(&arguments.input, &arguments.pages, &mut reading).is_none() {
        return End::Failed;
    }
    let reading = input::show(&arguments.input, reading);
    if let Some(platform) = reading
        .checked
        .platform
        .as_ref()
        .filter(|_| reading.end == End::Well && input::talks(&arguments.input))
    {
        let text = format!(
            "`{}` is sound: {}, {}, {}, {}\n",
            platform.name,
            terminal::counted(platform.machines().count(), "host"),
            terminal::counted(platform.services.len(), "service"),
            terminal::counted(platform.models.len(), "model"),
            terminal::counted(platform.handles.len(), "handle"),
        );
        if !terminal::say(&text) {
            return End::Failed;
        }
    }
    fix::hint(arguments, &reading.checked.diagnostics);
    let end = reading.end;
    // The process ends now. To give a platform of 10,000 services back piece by piece takes a tenth of the time.
    std::mem::forget(reading);
    end
}
