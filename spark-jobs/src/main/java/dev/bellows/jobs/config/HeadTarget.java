package dev.bellows.jobs.config;

import java.io.Serializable;

/**
 * A column that a head learns.
 *
 * @param task what its cells are: a class or a number per row, or a tag per token of the text
 * @param column name, classes and scale
 */
public record HeadTarget(RunConfig.Task task, TargetConfig column) implements Serializable {}
