package dev.bellows.engine.zoo;

import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkException;
import java.util.List;

/** Pieces that several networks are made of. */
final class Blocks {
  private Blocks() {}

  /**
   * A convolution of odd kernel with (kernel - 1) / 2 zeros on each side: ceil(size / stride)
   * outputs. Not "same", which puts its zeros behind the image where a stride leaves a choice.
   */
  static Model.Builder conv(
      Model.Builder b, String name, int filters, int kernel, int stride, Activation activation) {
    b.conv2d(filters, kernel).as(name).with("activation", activation.id());
    return centred(b, kernel, stride).with("initializer", "he");
  }

  private static Model.Builder centred(Model.Builder b, int kernel, int stride) {
    return b.with("stride", stride).with("padding", "zeros").with("zeros", (kernel - 1) / 2);
  }

  /** Convolution without bias, batch norm, activation. */
  static Model.Builder convNorm(
      Model.Builder b, String name, int filters, int kernel, int stride, Activation activation) {
    conv(b, name, filters, kernel, stride, Activation.LINEAR).with("bias", false);
    return norm(b, name, activation);
  }

  /** One kernel per channel without bias, batch norm, activation. */
  static Model.Builder depthwiseNorm(
      Model.Builder b, String name, int kernel, int stride, Activation activation) {
    b.layer("depthwise_conv2d", "kernel", kernel).as(name).with("bias", false);
    centred(b, kernel, stride).with("initializer", "he");
    return norm(b, name, activation);
  }

  private static Model.Builder norm(Model.Builder b, String name, Activation activation) {
    b.batchNorm().as(name + ".norm");
    return activation == Activation.LINEAR ? b : b.activation(activation);
  }

  /** Max pooling with stride 2. */
  static Model.Builder halve(Model.Builder b, int size, String padding) {
    return b.maxPool2d(size).with("stride", 2).with("padding", padding);
  }

  /** Filters under a width multiplier: times alpha, rounded, at least 1. */
  static int scaled(int filters, double alpha) {
    if (!(alpha > 0)) {
      throw new NetworkException("alpha, the width multiplier, must be above 0, got " + alpha);
    }
    return (int) Math.max(1, Math.round(filters * alpha));
  }

  /**
   * Attention refinement: each channel times sigmoid(batch norm(W mean over the image)), so that
   * the whole image says which of its features count (C. Yu et al., "BiSeNet", ECCV 2018).
   *
   * @param features layer that gives an image
   * @param height of that image
   * @param filters its channels
   */
  static Model.Builder refine(
      Model.Builder b, String name, String features, int height, int width, int filters) {
    b.globalAveragePool().from(features).reshape(1, 1, filters);
    convNorm(b, name + ".weights", filters, 1, 1, Activation.SIGMOID).as(name + ".shares");
    String shares = b.layer("upsample2d", "size", List.of(height, width)).here();
    return b.layer("multiply").from(features, shares).as(name);
  }

  /** Dense layer of this name. */
  static Model.Builder dense(Model.Builder b, String name, int units, Activation activation) {
    return b.dense(units).as(name).with("activation", activation.id());
  }
}
