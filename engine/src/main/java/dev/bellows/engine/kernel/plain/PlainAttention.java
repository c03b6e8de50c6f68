package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.Attention;

/** {@link Attention} in plain Java. */
final class PlainAttention implements Attention {}
