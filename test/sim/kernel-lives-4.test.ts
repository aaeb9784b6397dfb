import { kernelLives } from './kernel-lives.ts';

kernelLives(166, 55);
