package dev.bellows.jobs.train;

import dev.bellows.jobs.ExitCode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a training ended.
 *
 * @param exitCode OK, INTERRUPTED or TERMINATED; other ends are exceptions
 * @param message one line for people
 * @param model where the model folder is, a path or a URI, or null when training was stopped before
 *     its end
 * @param sha256 SHA-256 of the weights file, or null without a model
 * @param steps steps applied in all
 * @param metrics final figures by name
 */
public record TrainOutcome(
    ExitCode exitCode,
    String message,
    @Nullable String model,
    @Nullable String sha256,
    long steps,
    Map<String, Double> metrics) {}
