package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.Recurrence;

/** {@link Recurrence} in plain Java. */
final class PlainRecurrence implements Recurrence {}
