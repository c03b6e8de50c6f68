package dev.bellows.jobs.config;

import java.io.Serializable;

/**
 * One more output of a network.
 *
 * @param name unique among the heads
 * @param layer name of the layer whose output is scored
 * @param loss what is minimised; {@code auto}: the loss of the network
 * @param weight factor in the sum of all losses
 * @param target the column under the key "targets", the head, input or layer whose values are the
 *     truth; {@code main}: the target of the run
 */
public record HeadConfig(String name, String layer, LossConfig loss, double weight, String target)
    implements Serializable {}
