/** Made test data: digits as IDX images, tables, sparse rows; a function of the seed alone. */
@NullMarked
package dev.bellows.jobs.synth;

import org.jspecify.annotations.NullMarked;
