package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.Normalisation;

/** {@link Normalisation} in plain Java. */
final class PlainNormalisation implements Normalisation {}
