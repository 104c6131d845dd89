"""Pixel-CLIP: a pixel's year and a text meet in one vector space, so that any words become a map.

Needs torch and numpy alone; text towers, readers and writers are imported where they are used.
`bands` what a pixel year is and what is refused; `encoder` the network; `pooling` the photos' four directions;
`weights` reading and writing parameters; `towers` text and photo towers; `augment`, `contrastive`, `train` training;
`prompts`, `zeroshot` from words to scores; `shipped` the model in `weights/`; `fast` the quick forward pass;
`metrics` how well it did; `grid` cells and rasters; `bench` floors and shares reached.
"""
