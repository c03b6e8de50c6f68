package dev.bellows.jobs.config;

import java.nio.file.Path;

/**
 * A configuration that was read and checked.
 *
 * @param config every value, defaults filled in, data paths absolute
 * @param resolvedYaml the same as YAML: reads back as the same configuration
 * @param originalYaml the file's text
 * @param file the file, absolute
 */
public record Loaded(RunConfig config, String resolvedYaml, String originalYaml, Path file) {}
