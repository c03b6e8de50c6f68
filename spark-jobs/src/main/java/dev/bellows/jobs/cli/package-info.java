/** The {@code bellows} commands; the only place of {@code System.out} and {@code System.exit}. */
@NullMarked
package dev.bellows.jobs.cli;

import org.jspecify.annotations.NullMarked;
