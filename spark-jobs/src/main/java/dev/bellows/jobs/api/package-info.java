/** Training and prediction from a Java program, on any data frame. */
@NullMarked
package dev.bellows.jobs.api;

import org.jspecify.annotations.NullMarked;
