package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.Alignment;

/** {@link Alignment} in plain Java. */
final class PlainAlignment implements Alignment {}
