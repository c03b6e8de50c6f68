package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.Convolution;

/** {@link Convolution} in plain Java. */
final class PlainConvolution implements Convolution {}
