/**
 * Update rules, schedules, clipping and early stopping as functions on flat slices; used locally
 * and inside the parameter server.
 */
@NullMarked
package dev.bellows.engine.optim;

import org.jspecify.annotations.NullMarked;
