/** Samplers: which configuration a trial tries, as a function of what is known. */
@NullMarked
package dev.bellows.jobs.study.sampler;

import org.jspecify.annotations.NullMarked;
