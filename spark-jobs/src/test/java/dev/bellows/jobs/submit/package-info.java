/** Spark's own launcher, stand-alone master and workers around the jar that is shipped. */
package dev.bellows.jobs.submit;
