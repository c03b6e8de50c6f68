/**
 * The clients of the parameter server: {@code PsClient} for tasks, {@code PsControl} for the
 * driver.
 */
@NullMarked
package dev.bellows.ps.client;

import org.jspecify.annotations.NullMarked;
