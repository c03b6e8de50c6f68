/** Sound: WAV files to samples, samples to log-mel spectrograms, the same bits on every machine. */
@NullMarked
package dev.bellows.engine.audio;

import org.jspecify.annotations.NullMarked;
